# SPDX-License-Identifier: MIT
"""However a client ends, its workers and what they started are gone, and it ends as it should."""
import os
import signal

from support import Case, fixture, main, read_proc, stat_fields


class Endings(Case):
    def wait_for_all(self, client):
        """The client, 2 tasks of 3 processes, and a program of each inner item."""
        self.wait_until(lambda: os.path.exists(self.path("waiting")), "all items to run", client)
        wanted = sorted(4 * ["sleep"] + 7 * ["endings"])
        self.wait_until(lambda: sorted(self.programs()) == wanted, "external programs", client)

    def programs(self):
        return [os.path.basename(read_proc(pid, "cmdline").split(b"\0")[0].decode())
                for pid in self.processes()]

    def check_end(self, how, code):
        done = self.run_program(fixture("endings"), how, self.place)
        self.assertEqual(done.code, code, done.told)
        self.assert_alone()
        self.assert_no_remains()
        return done

    def test_returns(self):
        self.check_end("return", 0)

    def test_returns_with_a_static_pool(self):
        self.check_end("static", 0)

    def test_drops_the_pool_first(self):
        self.check_end("pool-first", 0)

    def test_destroys_the_pool(self):
        self.check_end("destroy", 0)

    def test_calls_exit(self):
        self.check_end("exit", 3)

    def test_calls_exit_in_a_thread(self):
        self.check_end("exit-in-thread", 4)

    def test_calls__Exit(self):
        self.check_end("_Exit", 5)

    def test_calls_quick_exit(self):
        self.check_end("quick_exit", 6)

    def test_aborts(self):
        self.check_end("abort", -signal.SIGABRT)

    def test_an_exception_nobody_catches(self):
        self.assertIn("nobody catches this", self.check_end("throw", -signal.SIGABRT).err)

    def test_an_exception_nobody_catches_in_a_thread(self):
        self.check_end("throw-in-thread", -signal.SIGABRT)

    def test_becomes_another_program(self):
        self.check_end("exec", 0)

    # --- ended from outside

    def check_signal(self, number, code=None, how="wait", name=()):
        client = self.start(fixture("endings"), how, self.place, *name)
        self.wait_for_all(client)
        client.kill(number)
        done = client.end()
        self.assertEqual(done.code, -number if code is None else code, done.told)
        self.assert_alone()
        self.assert_no_remains()
        return done

    def test_killed(self):
        self.check_signal(signal.SIGKILL)

    def workers_of(self, client):
        return [pid for pid in self.processes() if pid != client.pid and
                read_proc(pid, "cmdline").split(b"\0")[0].endswith(b"endings")]

    def stop(self, *pids):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        self.wait_until(lambda: all(stat_fields(pid)[:1] == ["T"] for pid in pids), "the stop")

    def test_killed_while_its_workers_are_stopped(self):
        client = self.start(fixture("endings"), "wait", self.place)
        self.wait_for_all(client)
        self.stop(*self.workers_of(client))
        client.kill()
        client.end()
        self.assert_alone()
        self.assert_no_remains()

    def test_workers_that_are_stopped_and_continued_go_on(self):
        client = self.start(fixture("endings"), "wait", self.place)
        self.wait_for_all(client)
        before = self.workers_of(client)
        self.stop(*before)
        for pid in before:
            os.kill(pid, signal.SIGCONT)
        self.wait_until(lambda: all(stat_fields(pid)[:1] != ["T"] for pid in before), "all", client)
        client.stop()  # so that it would start no others
        self.assertEqual(sorted(self.workers_of(client)), sorted(before))
        client.kill()
        client.end()
        self.assert_alone()

    def test_what_was_left_is_removed_by_the_next_client_and_nothing_else(self):
        other = self.start(fixture("endings"), "wait", self.place)
        self.wait_for_all(other)
        kept = os.listdir(self.temporary)
        self.assertEqual(len(kept), 1)
        for name in os.listdir(self.place):
            if name == "waiting" or name.startswith("up-"):
                os.remove(self.path(name))
        client = self.start(fixture("endings"), "wait", self.place)
        self.wait_until(lambda: os.path.exists(self.path("waiting")), "all items to run", client)
        # Nobody is left to remove anything: a stopped client sees no worker end.
        mine = [pid for pid in self.processes() if stat_fields(pid)[1:2] == [str(client.pid)]]
        self.stop(client.pid)
        for pid in mine:
            os.kill(pid, signal.SIGKILL)
        self.wait_until(lambda: all(stat_fields(pid)[:1] in ([], ["Z"]) for pid in mine), "it")
        client.kill()
        client.end()
        self.assertEqual(len(os.listdir(self.temporary)), 2)

        self.succeed(fixture("plain"))

        self.assertEqual(os.listdir(self.temporary), kept)
        other.kill()
        other.end()

    def test_terminated(self):
        self.check_signal(signal.SIGTERM)

    def test_hung_up(self):
        self.check_signal(signal.SIGHUP)

    def test_ctrl_c(self):
        done = self.check_signal(signal.SIGINT)
        self.assertIn("Interrupted: job-1 has 0 of 2 items done. They are gone, as the job has no "
                      "name; name it (map_options.name) to keep what is done.", done.err)

    def test_ctrl_c_tells_how_to_take_a_job_up(self):
        done = self.check_signal(signal.SIGINT, name=("survey",))
        self.assertIn("Interrupted: survey has 0 of 2 items done. They are kept; take the job up "
                      "again with `clusterless retry survey` or clusterless::reopen(\"survey\").",
                      done.err)

    def test_ctrl_c_twice(self):
        """The first one cannot be dealt with, as the program's range keeps the client busy."""
        client = self.wait_in("stuck")
        client.kill(signal.SIGINT)
        taken = f"{1 << (signal.SIGINT - 1):016x}"
        self.wait_until(lambda: f"ShdPnd:\t{taken}" not in self.status(client), "the first", client)
        client.kill(signal.SIGINT)
        self.assertEqual(client.end().code, 130)
        self.assert_alone()

    def status(self, client):
        return read_proc(client.pid, "status").decode()

    def wait_in(self, how):
        client = self.start(fixture("endings"), how, self.place)
        self.wait_until(lambda: os.path.exists(self.path("waiting")), "the program to wait", client)
        return client

    def check_ctrl_c_in(self, how):
        client = self.wait_in(how)
        client.kill(signal.SIGINT)
        self.assertEqual(client.end().code, -signal.SIGINT)
        self.assert_alone()

    def test_ctrl_c_before_there_is_a_pool(self):
        self.check_ctrl_c_in("no-pool")

    def test_ctrl_c_before_there_is_a_job(self):
        self.check_ctrl_c_in("idle")

    def test_ctrl_c_when_all_jobs_are_done(self):
        self.check_ctrl_c_in("idle-after-a-job")

    def test_ctrl_c_goes_to_the_program_s_own_handler(self):
        done = self.check_signal(signal.SIGINT, code=42, how="own-handler")
        self.assertEqual(done.out, "the program's own handler\n")

    def test_ctrl_c_stays_ignored(self):
        client = self.start(fixture("endings"), "ignore-interrupt", self.place)
        self.wait_for_all(client)
        client.kill(signal.SIGINT)
        client.kill(signal.SIGTERM)
        self.assertEqual(client.end().code, -signal.SIGTERM)


main()
