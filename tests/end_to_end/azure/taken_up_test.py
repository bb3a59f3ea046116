# SPDX-License-Identifier: MIT
"""A client of engine azure is killed; another process, as on another machine, takes its job up.

Usage: taken_up_test.py FIXTURES CLUSTERLESS AZURITE_MAIN_JS [TEST…]

The tasks that the dead client had handed out go on and are adopted: every item runs once (a failed
one as often as it may), every outcome is there, and in the end nothing is left in the account.
"""
import json
import os
import random
import shutil
import signal
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "..", "real_clients"))
from account_view import AccountView
from emulator_process import Emulator, skip
from support import Case, fixture, main

TOOL, AZURITE = (os.path.abspath(each) for each in sys.argv[2:4])
del sys.argv[2:4]
COUNT = 12
NODES = 6
OUTCOMES = [f"{i} = {i * i}" for i in range(COUNT)]
# Item 5 fails once.
RUNS = sorted([str(i) for i in range(COUNT)] + ["5"])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TakenUp(Case):
    @classmethod
    def setUpClass(cls):
        if shutil.which("node") is None or not os.path.exists(AZURITE):
            skip(f"Azurite is not installed ({AZURITE})")
        cls.cloud = Emulator(TOOL, "--azurite", "--azurite-port", str(free_port()),
                             "--azurite-program", AZURITE)
        cls.account = AccountView(cls.cloud.environment)

    @classmethod
    def tearDownClass(cls):
        cls.cloud.close()

    def setUp(self):
        super().setUp()
        self.folder = self.path("items")
        os.mkdir(self.folder)
        self.container = "c" + self.mark[:8]
        self.addCleanup(self.cloud.no_faults)
        self.write("parameters.json", json.dumps(
            {"_POOL_COUNT": "1", "_NODE_COUNT_PER_POOL": str(NODES), "_NUM_NODES_PER_TASK": "1",
             "_POOL_ID": "p" + self.mark[:8], "_BLOB_CONTAINER": self.container,
             "_JOB_ID": "j" + self.mark[:8], "_VERBOSE": "0"}))
        del self.environment["CLUSTERLESS_STORE"]
        self.environment.update(self.cloud.environment)
        self.environment.update({"CLUSTERLESS_ENGINE": "azure",
                                 "PARAMETERS": self.path("parameters.json")})
        self.machine("first")

    def machine(self, name):
        """From now on programs run as on another machine: with nothing of an earlier one."""
        home = self.path(name)
        os.makedirs(home, exist_ok=True)
        self.environment["HOME"] = home

    def ran(self):
        return self.read("items/log").split()

    def open_gate(self):
        self.write("items/gate", "")

    def client(self, name="waves"):
        return self.start(fixture("long_items"), "run", name, COUNT, self.folder)

    def kill(self, client):
        client.kill()
        client.end()
        self.machine("second")

    def client_killed_while_items_run(self):
        client = self.client()
        self.wait_until(lambda: len(set(self.ran())) == COUNT, "all items to run", client)
        self.kill(client)

    def cli(self, *arguments, code=0):
        done = self.run_program(TOOL, *arguments)
        self.assertEqual(done.code, code, done.told)
        return done

    def state(self):
        return json.loads(self.cli("show", "waves", "--json").out)["state"]

    def outcomes(self, done):
        return [line for line in done.lines if not line.startswith("From ")]

    def batch_jobs(self):
        return [each for each in self.account.jobs() if each["id"].startswith("j" + self.mark[:8])]

    def nothing_left(self, records=False):
        """Neither in Batch nor in Blob, but for the program, which the next run needs."""
        self.wait_until(lambda: not self.batch_jobs(), "the end of Batch jobs")
        self.wait_until(lambda: self.account.containers(self.container) == [self.container],
                        f"the end of containers but {self.container}; now there are "
                        f"{self.account.containers(self.container)}")
        left = [name for name in self.account.blobs(self.container)
                if not name.startswith("programs/")]
        if not records:
            self.assertEqual(left, [])
        self.assertEqual(os.listdir(self.path("first")), [])

    def taken_up(self, again=None):
        done = (again or self.start(fixture("long_items"), "reopen", "waves")).end()
        self.assertEqual(self.outcomes(done), OUTCOMES, done.told)
        self.assertEqual(sorted(self.ran()), RUNS)
        self.nothing_left(records=True)

    # --- the instants

    def test_killed_while_items_run(self):
        self.client_killed_while_items_run()
        self.assertEqual(len(self.batch_jobs()), 1)
        again = self.start(fixture("long_items"), "reopen", "waves")
        self.open_gate()
        self.taken_up(again)
        logs = [line.split(": ", 1)[-1] for line in self.cli("logs", "waves").lines]
        self.assertEqual(sorted(logs), sorted(f"item {i} works" for i in RUNS))

    def test_killed_while_tasks_are_added(self):
        """The request is on its way: the service may take it up after the client has died."""
        for fault in ({"delay_ms": 300}, {"reset": "before"}, {"reset": "after"}):
            with self.subTest(fault=fault):
                self.cloud.faults({"match": {"method": "POST", "path": "addtaskcollection"},
                                   "times": 1000, **fault})
                client = self.client()
                self.wait_until(lambda: self.cloud.faults()[-1]["hits"] > 0, "tasks", client)
                self.kill(client)
                self.cloud.no_faults()
                self.open_gate()
                self.taken_up()
                self.cli("destroy", "waves", "--yes")
                self.nothing_left()
                shutil.rmtree(self.folder)
                os.mkdir(self.folder)

    def test_killed_after_everything_has_finished(self):
        client = self.client()
        self.wait_until(lambda: len(set(self.ran())) == COUNT, "all items to run", client)
        client.stop()
        self.open_gate()
        self.wait_until(lambda: len(self.read("items/over").split()) == COUNT, "their end")
        self.kill(client)
        self.taken_up()

    def test_killed_at_any_instant_and_again(self):
        """Also while it collects, and while it removes what it has made."""
        seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
        chance = random.Random(seed)
        self.open_gate()
        for run in range(3):
            with self.subTest(seed=seed, run=run):
                self.client_killed_again_and_again(chance)
                self.taken_up()
                self.cli("destroy", "waves", "--yes")
                self.nothing_left()
                os.remove(self.path("items/log"))

    def client_killed_again_and_again(self, chance):
        client = self.client()
        self.wait_until(lambda: self.ran(), "the first item", client)
        for _ in range(3):
            until = time.monotonic() + chance.uniform(0, 1)
            self.wait_until(lambda: client.over or time.monotonic() > until, "a moment to kill it")
            client.kill()
            client.end()
            client = self.start(fixture("long_items"), "reopen", "waves")
        client.kill()
        client.end()

    # --- from another machine

    def test_the_tool_finishes_the_job(self):
        self.client_killed_while_items_run()
        listed = json.loads(self.cli("jobs", "--json").out)
        self.assertEqual([each["name"] for each in listed["jobs"]], ["waves"])
        self.assertEqual(listed["jobs"][0]["store"], "azure:" + self.container)
        self.open_gate()
        self.cli("retry", "waves")
        self.assertEqual(self.state(), "finished")
        self.assertEqual(sorted(self.ran()), RUNS)
        self.assertEqual(self.cli("fetch", "waves").lines,
                         [f"{i}: {i * i}" for i in range(COUNT)])
        self.nothing_left(records=True)
        self.cli("destroy", "waves", "--yes", "--store", "azure:")
        self.nothing_left()

    def test_the_tool_cancels_what_still_runs(self):
        self.client_killed_while_items_run()
        self.cli("cancel", "waves")
        self.nothing_left(records=True)
        self.assertEqual(self.state(), "cancelled")
        self.wait_until(lambda: not [pid for pid in self.processes()], "the end of all items")
        self.open_gate()
        self.cli("retry", "waves")
        self.assertEqual(self.state(), "finished")

    def test_the_tool_destroys_what_still_runs(self):
        self.client_killed_while_items_run()
        self.cli("destroy", "waves", "--yes")
        self.nothing_left()

    # --- nothing runs for ever

    def test_what_nobody_can_collect_has_an_hour(self):
        for name, limit in ("-", "PT1H"), ("waves", "PT720H"):
            client = self.client(name)
            self.wait_until(lambda: self.ran(), "the first item", client)
            self.assertEqual([each["constraints"]["maxWallClockTime"] for each in
                              self.batch_jobs()], [limit])
            client.kill(signal.SIGINT)
            client.end()
            self.nothing_left(records=True)
            os.remove(self.path("items/log"))


if __name__ == "__main__":
    main()
