# SPDX-License-Identifier: MIT
"""Items that do to their process what they should not: each costs itself at most, in a way that is
told, and every other item has its value."""
import os
import signal

from support import Case, fixture, main

ITEMS = 12
RUDE = 4
LATE = "timed out: ran longer than its timeout of 0.2 s"


class RudeItems(Case):
    def check_others(self, done):
        self.assertEqual(done.code, 0, done.told)
        lines = done.lines
        for number in range(ITEMS):
            if number != RUDE:
                self.assertEqual(lines[number], f"{number} = item {number}", done.told)
        self.assertEqual(lines[ITEMS:], 4 * [f"in {self.place}"], done.told)
        self.assert_alone()
        self.assert_no_remains()

    def harmless(self, how):
        done = self.run_program(fixture("rude"), how)
        self.check_others(done)
        self.assertEqual(done.lines[RUDE], f"{RUDE} = item {RUDE}", done.told)

    def costs_itself(self, how, why, *timeout):
        done = self.run_program(fixture("rude"), how, *timeout)
        self.check_others(done)
        self.assertIn(f"{RUDE} ! {why}", done.lines[RUDE], done.told)

    # --- ends

    def test_exit_in_a_thread_of_its_own(self):
        self.costs_itself("exit-in-thread", "exited: exit code 7 inside an item")

    def test__Exit_in_a_thread_of_its_own(self):
        self.costs_itself("_Exit-in-thread", "exited: exit code 7 inside an item")

    def test_quick_exit(self):
        self.costs_itself("quick_exit", "exited: exit code 7 inside an item")

    def test_quick_exit_in_a_thread_of_its_own(self):
        self.costs_itself("quick_exit-in-thread", "exited: exit code 7 inside an item")

    def test_pthread_exit(self):
        self.costs_itself("pthread_exit", "crashed: abort (SIGABRT)")

    def test_pthread_exit_in_a_thread_of_its_own(self):
        self.harmless("pthread_exit-in-thread")

    def test_a_thread_that_stays(self):
        self.harmless("detached-thread")

    def test_a_write_to_a_broken_pipe(self):
        self.costs_itself("broken-pipe", "crashed: write to a closed pipe or socket (SIGPIPE)")

    # --- changes its process

    def test_deletes_its_scratch_directory(self):
        self.costs_itself("deletes-scratch", "exception: cannot write ")

    def test_leaves_a_full_and_locked_scratch_directory(self):
        self.harmless("fills-scratch")

    def test_changes_directory(self):
        self.harmless("moves")

    def test_changes_to_its_scratch_directory(self):
        self.harmless("moves-to-scratch")

    def test_closes_all_descriptors(self):
        done = self.run_program(fixture("rude"), "closes-all")
        self.check_others(done)

    def test_changes_signal_handlers(self):
        self.harmless("takes-signals")

    def test_blocks_all_signals(self):
        self.harmless("blocks-signals")

    def test_blocks_all_signals_and_the_client_is_killed_later(self):
        self.check_stays(signal.SIGKILL, "blocks-signals")

    def test_begins_a_session(self):
        self.harmless("new-session")

    def test_clears_the_environment(self):
        self.harmless("unset-environment")

    def test_closes_its_standard_output(self):
        self.harmless("bad-streams")

    def test_leaves_a_child_that_outlives_it(self):
        self.harmless("leaves-a-child")

    # --- never returns

    def test_never_returns_and_has_a_time_limit(self):
        self.costs_itself("stays", LATE, 200)

    def test_is_late_and_its_wait_is_cut_short(self):
        self.costs_itself("wakes-up", LATE, 200)

    def test_ignores_all_signals_and_has_a_time_limit(self):
        self.costs_itself("ignores-and-stays", LATE, 200)

    def check_stays(self, number, how="ignores-and-stays"):
        client = self.start(fixture("rude"), how, 0, self.place)
        self.wait_until(lambda: os.path.exists(self.path("stays")), "the item", client)
        client.kill(number)
        self.assertEqual(client.end().code, -number)
        self.assert_alone()
        self.assert_no_remains()

    def test_ignores_all_signals_and_the_client_is_interrupted(self):
        self.check_stays(signal.SIGINT)

    def test_ignores_all_signals_and_the_client_is_killed(self):
        self.check_stays(signal.SIGKILL)


main()
