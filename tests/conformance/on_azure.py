#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The conformance cases on engine azure: an Azure Batch and Azurite on this machine.

Usage: on_azure.py CLUSTERLESS AZURITE_MAIN_JS CONFORMANCE_TEST [ARGUMENT of the test…]
"""
import os
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "real_clients"))
from emulator_process import Emulator, skip


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    tool, azurite, program, *arguments = sys.argv[1:]
    if shutil.which("node") is None or not os.path.exists(azurite):
        skip(f"Azurite is not installed ({azurite})")
    # Items are asked to stop before they are ended: the service has to give them the time.
    emulator = Emulator(tool, "--azurite", "--azurite-port", str(free_port()),
                        "--azurite-program", azurite, "--latency", '{"stop": 5}')
    try:
        environment = {**os.environ, **emulator.environment}
        code = subprocess.run([program, "--engine=azure", *arguments], env=environment,
                              check=False).returncode
    finally:
        emulator.close()
    sys.exit(code)


if __name__ == "__main__":
    main()
