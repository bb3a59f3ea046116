# SPDX-License-Identifier: MIT
"""Before init and without it: what a program does there happens in each of its processes, and one
that forgets init is told so at once and does not start itself for ever."""
import os
import shutil

from support import Case, fixture, main


class Beginnings(Case):
    def forgetful(self, how, *more):
        done = self.run_program(fixture("no_init"), how, self.path("counter"), *more)
        self.assertFalse([line for line in done.lines if not line.startswith("From ")], done.told)
        self.assert_alone()
        return done

    def processes_begun(self):
        return len(self.read("counter"))

    def test_a_program_that_never_calls_init_is_told(self):
        done = self.forgetful("never")
        self.assertEqual(done.code, 1, done.told)
        self.assertEqual(done.err, "misuse: call clusterless::init(argc, argv) first in main, "
                         "before create_pool\n")
        self.assertEqual(self.processes_begun(), 1)

    def test_a_worker_that_never_calls_init_is_told_and_starts_nothing(self):
        done = self.forgetful("client")
        self.assertEqual(done.code, 1, done.told)
        self.assertIn("call clusterless::init(argc, argv) first in main: this process was started "
                      "as a worker and got to create_pool instead", done.err)
        self.assertIn("item 0", done.err)
        self.assertLessEqual(self.processes_begun(), 1 + 2, "one process for each node")

    def test_a_worker_that_returns_from_main_instead_is_told(self):
        done = self.forgetful("silent")
        self.assertEqual(done.code, 1, done.told)
        self.assertIn("the process ended before it was ready: exit code 0", done.err)
        self.assertIn("clusterless::init(argc, argv)", done.err)
        self.assertLessEqual(self.processes_begun(), 1 + 2, "one process for each node")

    def test_a_worker_of_another_build_is_refused_with_both_ids(self):
        done = self.forgetful("other", fixture("loud_start"))
        self.assertEqual(done.code, 1, done.told)
        self.assertRegex(done.err, "this worker is build [0-9a-f]{40} of .*loud_start and the "
                         "client is build [0-9a-f]{40}; run the program again with one build everywhere")
        self.assertLessEqual(self.processes_begun(), 2 * (1 + 2), "two for each node")

    def test_what_stands_before_init_happens_in_each_process(self):
        done = self.succeed(fixture("loud_start"), self.path("counter"))
        self.assertEqual(self.processes_begun(), 2)
        own = ["a static constructor", "before init", "7", "8", "9", "a static destructor"]
        lines = [line for line in done.lines if not line.startswith("From ")]
        self.assertEqual(lines, own, done.told)
        self.assertEqual(done.err, "before init, to standard error\n")
        # Of the worker, which prints them before it runs anything.
        for line in ("a static constructor", "before init", "before init, to standard error"):
            told = [each for each in done.lines if each.startswith("From ")]
            self.assertEqual(sum(each.endswith(f": {line}") for each in told), 1, done.told)
        self.assert_alone()

    def test_program_store_and_temporary_directory_may_have_any_name(self):
        odd = self.path("an 'odd\n\"place\" $(x) %s")
        os.makedirs(os.path.join(odd, "in"))
        shutil.copy(fixture("numbers"), os.path.join(odd, "a\nprogram"))
        os.mkdir(os.path.join(odd, "tmp"))
        self.environment.update({"CLUSTERLESS_STORE": os.path.join(odd, "in", "..", "store"),
                                 "TMPDIR": os.path.join(odd, "tmp")})
        begun = self.succeed("../a\nprogram", "list", "survey", 100, "a\nlog",
                             cwd=os.path.join(odd, "in"))
        again = self.succeed(os.path.join(odd, "a\nprogram"), "reopen", "survey")
        self.assertEqual(len(begun.lines), 100)
        self.assertEqual(again.lines, begun.lines)
        self.assertEqual(os.listdir(os.path.join(odd, "store", "jobs")), ["survey"])
        self.assert_alone()


main()
