# SPDX-License-Identifier: MIT
"""@azure/batch for Node.js drives the emulator: js_test.py CLUSTERLESS NODE_MODULES"""
import os
import shutil
import subprocess
import sys
import unittest

from emulator_process import DEADLINE, Emulator, skip

MODULES = os.path.abspath(sys.argv.pop(2))
TOOL = os.path.abspath(sys.argv.pop(1))
if shutil.which("node") is None:
    skip("the command node is not there: apt-get install nodejs npm")
if not os.path.isdir(os.path.join(MODULES, "@azure", "batch")):
    skip(f"@azure/batch is not in {MODULES}: run tools/ci/node_clients")


class JsTest(unittest.TestCase):
    def test_a_session(self):
        emulator = Emulator(TOOL)
        try:
            done = subprocess.run(
                ["node", os.path.join(os.path.dirname(os.path.abspath(__file__)), "js_client.js"),
                 emulator.url, emulator.account, emulator.key],
                env={**os.environ, "NODE_PATH": MODULES, "NODE_NO_WARNINGS": "1"}, text=True,
                capture_output=True, timeout=DEADLINE)
            self.assertEqual((done.returncode, done.stdout), (0, "good\n"), done.stderr)
        finally:
            emulator.close()


if __name__ == "__main__":
    unittest.main()
