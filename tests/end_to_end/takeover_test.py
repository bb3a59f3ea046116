# SPDX-License-Identifier: MIT
"""Who may run a job: one client at a time, of the build that made it; and what becomes of it when
the executable is not what it was."""
import errno
import json
import os
import shutil
import signal
import socket

from support import Case, fixture, main, stat_fields


class Gates(Case):
    COUNT = 4
    RESULTS = [f"{number} = {number * 11}" for number in range(COUNT)]

    def setUp(self):
        super().setUp()
        for number in range(self.COUNT):
            os.mkfifo(self.path(f"gate-{number}"))

    def at_gate(self, number):
        """Returns once item `number` waits at its gate; closing what it returns lets it go on."""
        opened = []

        def waits():
            try:
                opened.append(os.open(self.path(f"gate-{number}"), os.O_WRONLY | os.O_NONBLOCK))
            except OSError as caught:
                if caught.errno != errno.ENXIO:
                    raise
            return opened
        self.wait_until(waits, f"item {number}")
        return os.fdopen(opened[0], "w")

    def open_gates(self, *numbers):
        for number in numbers:
            self.at_gate(number).close()

    def begin(self, name="survey", program=None):
        return self.start(program or fixture("gates"), "start", name, self.COUNT, self.place)

    def workers(self, client):
        return [pid for pid in self.processes() if pid != client.pid]

    def outcomes(self):
        return len(self.run_program(fixture("record_of"), "survey").lines)

    def kill_in_the_middle(self, program=None):
        """The client dies when item 0 has its outcome in the record and items 1 and 2 run."""
        client = self.begin("survey", program)
        self.open_gates(0)
        with self.at_gate(1), self.at_gate(2):
            self.wait_until(lambda: self.outcomes() == 1, "the first outcome", client)
            client.kill()
            client.end()
            self.assert_alone()

    def finish(self, client, *gates):
        self.open_gates(*gates)
        done = client.end()
        self.assertEqual((done.code, done.lines), (0, self.RESULTS), done.told)
        self.assert_alone()


class OneClientAtATime(Gates):
    def check_busy(self, done, text):
        self.assertEqual(done.code, 3, done.told)
        self.assertIn(text, done.err)

    def test_a_second_client_is_told_who_runs_the_job(self):
        first = self.begin()
        with self.at_gate(0):
            holder = f"process {first.pid} on host {socket.gethostname()}"
            self.check_busy(self.run_program(fixture("gates"), "reopen", "survey"),
                            f"job 'survey' is being run by {holder}; wait for it, or watch it with "
                            "`clusterless show survey`")
            self.check_busy(self.begin().end(),
                            "job 'survey' exists already (0 of 4 items done, 0 failed) and is being "
                            f"run by {holder}; wait for it, or choose another name")
        self.finish(first, 1, 2, 3)

    def test_a_stopped_client_keeps_its_job(self):
        first = self.begin()
        with self.at_gate(0):
            first.stop()
            self.check_busy(self.run_program(fixture("gates"), "reopen", "survey"),
                            f"process {first.pid} ")
            first.kill(signal.SIGCONT)
        self.finish(first, 1, 2, 3)

    def test_when_the_first_is_killed_the_second_goes_on(self):
        self.kill_in_the_middle()
        second = self.start(fixture("gates"), "reopen", "survey")
        self.finish(second, 1, 2, 3)

    def test_a_name_is_taken_once(self):
        first = self.begin()
        self.finish(first, 0, 1, 2, 3)
        again = self.begin().end()
        self.check_busy(again, "job 'survey'")
        self.assertIn("4 of 4 items done", again.err)

    def race(self, start, gates):
        """Starts 6 clients at once; exactly one gets the job, the others are told."""
        clients = [start() for _ in range(6)]
        self.wait_until(lambda: sum(not each.over for each in clients) == 1, "one client")
        self.open_gates(*gates)
        ended = [each.end() for each in clients]
        codes = sorted(each.code for each in ended)
        self.assertEqual(codes, [0] + 5 * [3], "\n".join(each.told for each in ended))
        winner = next(each for each in ended if each.code == 0)
        self.assertEqual(winner.lines, self.RESULTS)

    def test_clients_that_make_the_same_job_at_once(self):
        self.race(self.begin, (0, 1, 2, 3))

    def test_clients_that_take_up_the_same_job_at_once(self):
        self.kill_in_the_middle()
        self.race(lambda: self.start(fixture("gates"), "reopen", "survey"), (1, 2, 3))


class Executables(Gates):
    def setUp(self):
        super().setUp()
        self.program = shutil.copy(fixture("gates"), self.path("a program"))

    def build_of(self, program):
        done = self.succeed(program, environment={"CLUSTERLESS_ROLE": "probe"})
        return json.loads(done.out)["build"]

    def check_workers_start_without(self, change, name):
        client = self.begin(name, self.program)
        held = [self.at_gate(0), self.at_gate(1)]
        change()
        client.stop()  # so that no new worker comes to a gate that is still open
        killed = self.workers(client)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        # A worker holds its gate open until it is quite dead.
        self.wait_until(lambda: all(stat_fields(pid)[:1] in ([], ["Z"]) for pid in killed),
                        "the death of the workers", client)
        for each in held:
            each.close()
        client.kill(signal.SIGCONT)
        self.finish(client, 0, 1, 2, 3)

    def delete(self):
        os.remove(self.program)

    def replace(self):
        shutil.copy(fixture("gates_other"), self.path("new"))
        os.rename(self.path("new"), self.program)

    def test_workers_start_when_it_was_deleted(self):
        self.check_workers_start_without(self.delete, "-")

    def test_workers_start_when_it_was_replaced(self):
        self.check_workers_start_without(self.replace, "-")

    def test_workers_of_a_named_job_start_when_it_was_replaced(self):
        self.check_workers_start_without(self.replace, "survey")

    def test_a_deleted_program_starts_from_a_script_that_unlinks_it(self):
        """Nothing is left of the file before the first worker starts."""
        client = self.start("/bin/sh", "-c", f'exec 3< "{self.program}"; rm "{self.program}"; '
                            f'exec /proc/self/fd/3 start - {self.COUNT} "{self.place}"')
        self.finish(client, 0, 1, 2, 3)

    def test_another_build_is_refused_by_both_ids(self):
        self.kill_in_the_middle(self.program)
        old, new = self.build_of(self.program), self.build_of(fixture("gates_other"))
        self.assertNotEqual(old, new)
        self.replace()
        refused = self.run_program(self.program, "reopen", "survey")
        self.assertEqual(refused.code, 4, refused.told)
        self.assertIn(f"job 'survey' was submitted by build {old} of {self.program} and this is "
                      f"build {new}; what is missing can only be run by the same build", refused.err)
        # The refusal leaves the job as it was.
        self.finish(self.start(fixture("gates"), "reopen", "survey"), 1, 2, 3)

    def test_another_build_may_read_a_finished_job(self):
        self.finish(self.begin("survey", self.program), 0, 1, 2, 3)
        done = self.succeed(fixture("gates_other"), "reopen", "survey")
        self.assertEqual(done.lines, self.RESULTS)

    def test_the_same_build_elsewhere_may_go_on(self):
        self.kill_in_the_middle(self.program)
        self.delete()
        self.finish(self.start(fixture("gates"), "reopen", "survey"), 1, 2, 3)


main()
