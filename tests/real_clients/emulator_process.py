# SPDX-License-Identifier: MIT
"""An emulator of its own for each test, and waiting for conditions with a deadline."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

DEADLINE = float(os.environ.get("CLUSTERLESS_TEST_DEADLINE", 120))  # seconds
SKIPPED = 77  # what ctest is told to take for "cannot run here"
IMAGE = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
AGENT = "batch.node.ubuntu 24.04"


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


class Emulator:
    """`clusterless emulator` with these arguments; ended and checked by close()."""

    def __init__(self, tool, *arguments):
        self.place = tempfile.mkdtemp(prefix="clusterless-clients-")
        self.errors = open(os.path.join(self.place, "errors"), "w+")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AZURE_")}
        environment["TMPDIR"] = self.place
        self.process = subprocess.Popen(
            [tool, "emulator", "--json", *arguments], env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors)
        text = ""
        while not text.endswith("\n}\n"):
            line = self.process.stdout.readline()
            text += line
            if not line:
                break
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise RuntimeError("the emulator did not start: " + self.errors.read())
        self.environment = json.loads(text)["environment"]
        self.account = self.environment["AZURE_BATCH_ACCOUNT"]
        self.key = self.environment["AZURE_BATCH_ACCESS_KEY"]
        self.url = self.environment["AZURE_BATCH_ENDPOINT"]

    def faults(self, *rules):
        """Sends rules; returns what is known of all."""
        request = urllib.request.Request(
            self.url + "/_clusterless/faults", data=json.dumps(rules).encode(), method="POST",
            headers={"Authorization": "Key " + self.key, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return json.load(answer)["faults"]

    def no_faults(self):
        request = urllib.request.Request(
            self.url + "/_clusterless/faults", method="DELETE",
            headers={"Authorization": "Key " + self.key})
        urllib.request.urlopen(request, timeout=DEADLINE).read()

    def close(self, signal_number=signal.SIGINT):
        self.process.send_signal(signal_number)
        code = self.process.wait(DEADLINE)
        self.process.stdout.close()
        self.errors.close()
        left = [name for name in os.listdir(self.place) if name.startswith("clusterless-emulator")]
        shutil.rmtree(self.place)
        if signal_number != signal.SIGKILL and (code != 0 or left):
            raise RuntimeError(f"the emulator ended with {code} and left {left}")


def wait_for(condition, what):
    """Returns the first true value of condition(); fails at the deadline."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")
