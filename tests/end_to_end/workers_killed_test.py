# SPDX-License-Identifier: MIT
"""Workers are killed at random while a job runs: every result is right all the same."""
import os
import random
import signal

from support import Case, fixture, main

KILLS = 12  # less than the 20 lost attempts an item has


class WorkersKilled(Case):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
        self.chance = random.Random(self.seed)
        print(f"seed {self.seed}")

    def kill_some(self, client, log, step):
        """Kills one worker after each `step` or so items; how many were killed."""
        killed, at = 0, 0
        while killed < KILLS:
            at += self.chance.randrange(step)
            self.wait_until(lambda: client.over or self.size(log) >= at, "items that run")
            if client.over:
                break
            workers = [pid for pid in self.processes() if pid != client.pid]
            if not workers:
                continue
            try:
                os.kill(self.chance.choice(workers), signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
        return killed

    def size(self, log):
        try:
            return os.path.getsize(self.path(log))
        except OSError:
            return 0

    def check_list(self, name):
        count = 20000
        client = self.start(fixture("numbers"), "list", name, count, self.path("log"))
        killed = self.kill_some(client, "log", 8000)
        done = client.end()
        self.assertEqual(done.code, 0, done.told)
        self.assertEqual(len(done.lines), count)
        for number, line in enumerate(done.lines):
            wanted = (f"{number} ! std::runtime_error: number {number}" if number % 50 == 13
                      else f"{number} = {'.' * (number % 100)}{number * 3}")
            self.assertEqual(line, wanted)
        print(f"{killed} killed, {len(self.read('log').split()) - count} items ran again")
        self.assertGreater(killed, 0)
        self.assert_alone()
        self.assert_no_remains()

    def test_of_a_job(self):
        self.check_list("-")

    def test_of_a_named_job(self):
        self.check_list("named")

    def check_nested(self, name):
        outer, inner = 6, 200
        client = self.start(fixture("nested"), name, outer, inner, self.path("log"))
        killed = self.kill_some(client, "log", 200)
        done = client.end()
        self.assertEqual(done.code, 0, done.told)
        cubes = sum(number**3 for number in range(inner))
        self.assertEqual(done.lines, [str(number + cubes) for number in range(outer)])
        print(f"{killed} killed, {self.size('log') - outer * inner} inner items ran again")
        self.assertGreater(killed, 0)
        self.assert_alone()
        self.assert_no_remains()

    def test_of_nested_maps(self):
        self.check_nested("-")

    def test_of_nested_maps_of_a_named_job(self):
        self.check_nested("named")


main()
