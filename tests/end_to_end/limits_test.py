# SPDX-License-Identifier: MIT
"""Places where the system gives little: few processes or descriptors, no standard input, no
directory for temporary files. Clear errors, no hangs; and nothing is used while all wait."""
import os
import resource
import time
import unittest

from support import SANITIZED, Case, cpu_ticks, fixture, limit, main

COUNT = 200


def expected(number):
    if number % 50 == 13:
        return f"{number} ! std::runtime_error: number {number}"
    return f"{number} = {'.' * (number % 100)}{number * 3}"


class Limits(Case):
    RESULTS = [expected(number) for number in range(COUNT)]

    def arguments(self, name="-"):
        return fixture("numbers"), "list", name, COUNT, self.path("log")

    def test_few_descriptors(self):
        for number in (8, 12, 16, 20, 24, 32, 48):
            with self.subTest(limit=number):
                done = self.run_program(*self.arguments(),
                                        preexec_fn=limit(resource.RLIMIT_NOFILE, number))
                told = "raise the limit on open files (ulimit -n)"
                if done.code == 0 and done.lines != self.RESULTS:
                    self.assertEqual(len(done.lines), COUNT)
                    self.assertTrue(all(told in line for line in done.lines), done.told)
                elif done.code != 0:
                    self.assertEqual(done.code, 3, done.told)
                    self.assertIn(told, done.err)
                self.assert_alone()

    @unittest.skipIf(os.geteuid() != 0, "another user, who has no other processes, needs root")
    def test_few_processes(self):
        """As a user of this test's own, as root has no limit on processes."""
        user = 54321
        os.chmod(self.place, 0o777)

        def as_user(number):
            def change():
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
                resource.setrlimit(resource.RLIMIT_NPROC, (number, number))
            return change

        for number in (3, 4, 5, 6, 8, 40):
            with self.subTest(limit=number):
                log = self.path(f"log-{number}")
                done = self.run_program(fixture("nested"), "-", 4, 8, log,
                                        preexec_fn=as_user(number))
                if done.code == 0:
                    cubes = sum(k**3 for k in range(8))
                    self.assertEqual(done.lines, [str(k + cubes) for k in range(4)])
                else:
                    self.assertIn("ulimit -u", done.err)
                self.assert_alone()

    def test_closed_standard_input(self):
        done = self.succeed(*self.arguments(), preexec_fn=lambda: os.close(0))
        self.assertEqual(done.lines, self.RESULTS)
        self.assert_alone()

    def test_no_directory_for_temporary_files(self):
        """A job that needs none does not ask for one."""
        for place in ("/proc/self", self.path("nowhere")):
            done = self.succeed(*self.arguments(), environment={"TMPDIR": place})
            self.assertEqual(done.lines, self.RESULTS)


class Idle(Case):
    @unittest.skipIf(SANITIZED, "sanitizers have threads of their own")
    def test_nobody_uses_the_processor_while_all_wait(self):
        """The client waits in fetch, two workers wait in their items at a FIFO."""
        for number in range(2):
            os.mkfifo(self.path(f"gate-{number}"))
        client = self.start(fixture("gates"), "start", "-", 2, self.place)
        held = [self.hold(number) for number in range(2)]
        watched = self.processes()
        self.assertEqual(len(watched), 3)
        before = {pid: cpu_ticks(pid) for pid in watched}
        begin = time.monotonic()
        self.wait_until(lambda: time.monotonic() - begin > 2, "the interval", client)
        spent = sum(cpu_ticks(pid) - before[pid] for pid in watched) / os.sysconf("SC_CLK_TCK")
        self.assertLess(spent / (time.monotonic() - begin), 0.01)
        for each in held:
            os.close(each)
        self.assertEqual(client.end().lines, ["0 = 0", "1 = 11"])

    def hold(self, number):
        opened = []

        def waits():
            try:
                opened.append(os.open(self.path(f"gate-{number}"), os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                pass  # nobody reads there yet
            return opened
        self.wait_until(waits, f"item {number}", self.started[-1])
        return opened[0]


main()
