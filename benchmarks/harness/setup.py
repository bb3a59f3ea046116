# SPDX-License-Identifier: MIT
"""Gets a machine ready: Debian packages of the peers, and the programs of the benchmark."""

import os
import shutil
import subprocess

TOOLS = ["cmake", "g++", "ninja-build"]
PEERS = ["python3-joblib", "python3-distributed", "python3-mpi4py", "python3-numpy",
         "openmpi-bin", "libopenmpi-dev", "parallel"]


def installed(package):
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package], text=True,
                           capture_output=True, check=False)
    return asked.returncode == 0 and asked.stdout == "install ok installed"


def install(say):
    """Installs what is missing. What cannot be installed is no error: its peers are then shown as
    missing."""
    if not shutil.which("dpkg-query"):
        say("Not a Debian machine: peers that are not installed are shown as missing.")
        return
    missing = [package for package in TOOLS + PEERS if not installed(package)]
    if not missing:
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    say("Installing with apt-get: " + " ".join(missing))
    quiet = {"stdout": subprocess.DEVNULL, "check": False,
             "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
    apt = prefix + ["apt-get", "-qq", "-y"]
    if subprocess.run(apt + ["install"] + missing, stderr=subprocess.DEVNULL, **quiet).returncode:
        subprocess.run(apt + ["update"], **quiet)
        if subprocess.run(apt + ["install"] + missing, **quiet).returncode:
            say("Some of these could not be installed: their peers are shown as missing.")


def build(root, directory, library, say):
    """Builds everything that can be built. `library` is tree, installed or none. The Python peers
    run from a copy: Python keeps its compiled modules beside them, and a start finds them."""
    shutil.copytree(root / "benchmarks" / "peers", directory / "peers", dirs_exist_ok=True)
    configure = ["cmake", "-S", str(root / "benchmarks"), "-B", str(directory),
                 "-DCMAKE_BUILD_TYPE=Release", f"-DBENCHMARKS_LIBRARY={library}"]
    if shutil.which("ninja") and not (directory / "CMakeCache.txt").exists():
        configure += ["-G", "Ninja"]
    targets = ["bench_others"] + (["bench_ours"] if library != "none" else [])
    steps = [configure] + [
        ["cmake", "--build", str(directory), "-j2", "--target", target] for target in targets]
    say("Building the benchmark's programs.")
    for words in steps:
        done = subprocess.run(words, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            lines = (done.stdout + done.stderr).splitlines()
            say("\n".join(lines[-20:]))
            say(f"Failed: {' '.join(words)}; what it makes is shown as missing.")
