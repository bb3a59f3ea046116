# SPDX-License-Identifier: MIT
"""The client of a named job is killed at any instant: nothing that was committed is lost, changed or
run again, and another process finishes the rest."""
import os
import random
import time

from support import Case, fixture, main

COUNT = 2000
RUNS = 30


def expected(number):
    if number % 50 == 13:
        return f"{number} ! std::runtime_error: number {number}"
    return f"{number} = {'.' * (number % 100)}{number * 3}"


class ClientKilled(Case):
    def committed(self, name):
        """Item -> kind, attempt and bytes of its outcome, as the store has it."""
        shown = self.run_program(fixture("record_of"), name)
        if "there is no job" in shown.err:
            return None
        self.assertEqual(shown.code, 0, shown.told)
        return dict(line.split(" ", 1) for line in shown.lines)

    def ran(self, log):
        return self.read(log).split()

    def check(self, name, lines):
        """Every item has its outcome. An item whose input was not recorded when the client died in
        the middle of submitting it has an error that says so."""
        self.assertEqual(len(lines), COUNT)
        submitted = COUNT
        while submitted > 0 and f"not in the record of job '{name}'" in lines[submitted - 1]:
            submitted -= 1
        self.assertEqual(lines[:submitted], [expected(i) for i in range(submitted)])

    def kill_and_finish(self, run, seed):
        chance = random.Random(seed)
        name, log = f"run-{run}", f"log.{run}"
        how = chance.choice(["list", "count"])
        client = self.start(fixture("numbers"), how, name, COUNT, self.path(log))
        # From the first instants of the program to long after its last item.
        wanted = chance.choice([0, chance.randrange(COUNT), chance.randrange(COUNT), COUNT])
        until = time.monotonic() + chance.uniform(0, 0.02)
        self.wait_until(lambda: client.over or len(self.ran(log)) >= wanted, "items that run")
        while time.monotonic() < until:
            pass
        client.kill()
        client.end()
        self.assert_alone()

        before = self.committed(name)
        ran_before = len(self.ran(log))
        if before is None:
            self.assertEqual(ran_before, 0, "items ran before the job was recorded")
            return "unmade"
        finished = self.succeed(fixture("numbers"), "reopen", name)
        self.check(name, finished.lines)
        after = self.committed(name)
        for item, outcome in before.items():
            self.assertEqual(after[item], outcome, f"item {item}")
        again = set(self.ran(log)[ran_before:]) & set(before)
        self.assertEqual(again, set(), "items with an outcome ran again")
        self.assert_alone()
        return len(before)

    def test_kill_at_random_instants(self):
        seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
        seen = []
        for run in range(RUNS):
            with self.subTest(seed=seed + run):
                seen.append(self.kill_and_finish(run, seed + run))
        print(f"seeds {seed} to {seed + RUNS - 1}, committed when killed: {seen}")

    def test_kill_again_and_again(self):
        """The processes that take the job up are killed as well."""
        seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
        print(f"seed {seed}")
        chance = random.Random(seed)
        client = self.start(fixture("numbers"), "list", "often", COUNT, self.path("log"))
        known, taken_up = {}, 0
        while True:
            at = len(self.ran("log")) + chance.randrange(400)
            self.wait_until(lambda: client.over or len(self.ran("log")) >= at, "items that run")
            client.kill()
            done = client.end()
            self.assert_alone()
            now = self.committed("often") or {}
            for item, outcome in known.items():
                self.assertEqual(now[item], outcome, f"item {item}")
            known = now
            if done.code == 0:
                break
            # A job that was never made is made now.
            arguments = ("reopen", "often") if now or self.committed("often") is not None else (
                "list", "often", COUNT, self.path("log"))
            client = self.start(fixture("numbers"), *arguments)
            taken_up += 1
        self.check("often", done.lines)
        print(f"taken up {taken_up} times, {len(self.ran('log')) - COUNT} items ran again")

    def test_inputs_that_were_never_read(self):
        """A lazy range cannot be read again by another process: that is said, not passed over."""
        client = self.start(fixture("numbers"), "lazy", "lazy", 10**9, self.path("log"))
        self.wait_until(lambda: len(self.ran("log")) >= 100, "items that run", client)
        client.kill()
        client.end()
        self.assert_alone()
        done = self.succeed(fixture("numbers"), "reopen", "lazy")
        read = len(done.lines) - 1
        self.assertEqual(done.lines[:-1], [expected(i) for i in range(read)])
        self.assertEqual(
            done.lines[-1],
            f"{read} ! : its input is not in the record of job 'lazy': the client ended when it had "
            f"recorded {read} inputs; submit the job again, under another name or after destroying "
            "this one")
        self.assertGreaterEqual(read, 100)


main()
