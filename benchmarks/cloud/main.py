# SPDX-License-Identifier: MIT
"""The command ./bench azure: a map of trivial items on Azure Batch, by Clusterless and by the calls
of AzureClusterlessHPC.jl, on an emulator and Azurite of their own where every call takes 30 ms."""

import argparse
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from harness import document, machine, setup

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build-bench"
TOOL = BUILD / "clusterless" / "src" / "cli" / "clusterless"
AZURITE = ROOT / "build/azurite/node_modules/azurite/dist/src/blob/main.js"
MARKS = ("<!-- ./bench azure --markdown writes from here -->", "<!-- ./bench azure: to here -->")

sys.path.insert(0, str(ROOT / "tests" / "real_clients"))
from emulator_process import AGENT, IMAGE, Emulator, wait_for  # noqa: E402


def say(words):
    print(words, file=sys.stderr, flush=True)


def options(words):
    parser = argparse.ArgumentParser(
        prog="./bench azure",
        description="Submits trivial items to Azure Batch and waits until all results are back: "
        "Clusterless, and the calls that AzureClusterlessHPC.jl makes, one after the other on the "
        "same emulator and Azurite. Pools of 4 nodes are there before. Needs python3-azure and npm.")
    parser.add_argument("--items", type=int, default=1000, metavar="N", help="default 1000")
    parser.add_argument("--call-ms", type=int, default=30, metavar="MS",
                        help="what every call takes more than on this machine (default 30)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N",
                        help="runs of Clusterless; the model runs once (default 3)")
    parser.add_argument("--markdown", action="store_true",
                        help="put the figures into docs/performance.md")
    given = parser.parse_args(words)
    if given.items < 1 or given.call_ms < 0 or given.repeat < 1:
        parser.error("--items and --repeat must be at least 1, --call-ms at least 0")
    return given


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def build():
    setup.build(ROOT, BUILD, "tree", say)
    for words in ([str(ROOT / "tools/ci/azurite")],
                  ["cmake", "--build", str(BUILD), "-j2", "--target", "cloud", "clusterless_program"]):
        done = subprocess.run(words, cwd=ROOT, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"./bench azure: {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    if not AZURITE.exists():
        sys.exit("./bench azure: Azurite is not there; install npm")


class Cloud:
    """The emulator and Azurite, and what every call to them waits."""

    def __init__(self, call_ms):
        port = free_port()
        self.emulator = Emulator(str(TOOL), "--azurite", "--azurite-port", str(port),
                                 "--azurite-program", str(AZURITE))
        self.delay = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "delay.py"), str(port), str(call_ms)],
            stdout=subprocess.PIPE, text=True)
        late = int(self.delay.stdout.readline())
        self.environment = {**os.environ, **self.emulator.environment}
        for name in ("PARAMETERS", "CREDENTIALS"):
            self.environment.pop(name, None)
        storage = self.environment["AZURE_STORAGE_CONNECTION_STRING"]
        self.environment["AZURE_STORAGE_CONNECTION_STRING"] = storage.replace(f":{port}/", f":{late}/")
        if self.environment["AZURE_STORAGE_CONNECTION_STRING"] == storage:
            raise RuntimeError("the connection string names no port of Azurite")
        self.emulator.faults({"times": 1_000_000_000, "delay_ms": call_ms})

    def batch_calls(self):
        return sum(each.get("hits", 0) for each in self.emulator.faults())

    def close(self):
        self.delay.terminate()
        self.delay.wait()
        self.emulator.no_faults()
        self.emulator.close()


def figure(words, cloud):
    """What a contestant says, with the calls to Batch that were made meanwhile."""
    before = cloud.batch_calls()
    done = subprocess.run([str(word) for word in words], env=cloud.environment, text=True,
                          capture_output=True, check=False, timeout=3600)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        sys.exit(f"./bench azure: {words[0]} failed:\n{done.stdout}{done.stderr}")
    return {**json.loads(lines[-1]), "batch_calls": cloud.batch_calls() - before}


def make_pool(cloud):
    """The pool of the model, whose nodes are ready."""
    import azure.batch.models as models
    from azure.batch import BatchServiceClient
    from azure.batch.batch_auth import SharedKeyCredentials

    batch = BatchServiceClient(SharedKeyCredentials(cloud.emulator.account, cloud.emulator.key),
                               batch_url=cloud.emulator.url)
    batch.pool.add(models.PoolAddParameter(
        id="model", vm_size="standard_d2s_v3", target_dedicated_nodes=4,
        virtual_machine_configuration=models.VirtualMachineConfiguration(
            image_reference=models.ImageReference(**IMAGE), node_agent_sku_id=AGENT)))
    wait_for(lambda: sum(node.state == "idle" for node in batch.compute_node.list("model")) == 4,
             "the nodes of the model's pool")


def report(given, ours, model):
    seconds = sorted(each["value"] for each in ours)
    median = seconds[len(seconds) // 2]
    facts = machine.facts(ROOT)
    return "\n".join([
        f"{given.items:,} trivial items, every call {given.call_ms} ms later, {facts['date']}, "
        f"commit {facts['commit']}: ",
        "",
        "| contestant | seconds | calls to Batch |",
        "| --- | --- | --- |",
        f"| Clusterless, median of {len(seconds)} ({seconds[0]:.2f}…{seconds[-1]:.2f}) | {median:.2f} "
        f"| {ours[-1]['batch_calls']} with the making of its pool |",
        f"| the calls of AzureClusterlessHPC.jl | {model['value']:.1f} | {model['batch_calls']} |",
        "",
        f"The model takes {model['value'] / median:.1f} times as long.",
    ])


def main(words):
    given = options(words)
    build()
    cloud = Cloud(given.call_ms)
    try:
        make_pool(cloud)
        ours = []
        for turn in range(given.repeat):
            ours.append(figure([BUILD / "bin" / "cloud", given.items], cloud))
            say(f"Clusterless {turn + 1}/{given.repeat}: {ours[-1]['value']:.2f} s")
        model = figure([sys.executable, Path(__file__).parent / "model_protocol.py", given.items], cloud)
    finally:
        cloud.close()
    text = report(given, ours, model)
    print(text)
    if given.markdown:
        document.write(ROOT / "docs" / "performance.md", text, *MARKS)
    return 0
