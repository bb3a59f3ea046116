# SPDX-License-Identifier: MIT
"""What items print: however much, whatever bytes and from how many workers, nothing is lost and
nothing hangs, also when nobody takes it."""
import os
import signal
import subprocess

from support import Case, fixture, main


def told_by(done):
    """What is said behind "From …: " in each line."""
    return [line.split(": ", 1)[1] for line in done.lines]


class Output(Case):
    def prints(self, how, items, **more):
        done = self.succeed(fixture("prints"), how, **more)
        self.assertEqual(done.err.splitlines()[-1], f"{items} done")
        for line in done.lines:
            self.assertRegex(line, r"^From task \d+(, worker \d+)?: ")
        self.assert_alone()
        return done

    def test_ten_megabytes_of_one_item(self):
        lines = told_by(self.prints("megabytes", 1))
        self.assertEqual(len(lines), 100_000)
        self.assertEqual([int(line[:8]) for line in lines], list(range(100_000)))
        self.assertTrue(all(line[9:] == 91 * chr(ord("a") + at % 26)
                            for at, line in enumerate(lines)))

    def test_one_line_without_an_end(self):
        """It is cut, as nobody can wait for its end, but whole."""
        text = "".join(told_by(self.prints("long-line", 1)))
        self.assertEqual(text, "".join(f"{part:08d} {91 * '.'}" for part in range(10_000)))

    def test_no_line_end_at_the_end(self):
        lines = told_by(self.prints("open-end", 6))
        self.assertEqual(sorted(lines), [f"the end of {number}" for number in range(6)])

    def test_every_byte(self):
        self.prints("both-streams", 6)
        client = self.start(fixture("prints"), "every-byte")
        self.assertEqual(client.end().code, 0)
        with open(client.out_file, "rb") as file:
            lines = file.read().split(b"\n")
        said = [line.split(b": ", 1)[1] for line in lines if line]
        self.assertEqual(said, [b"one", bytes(b for b in range(256) if b != 10), b"three"])

    def test_both_streams_keep_their_order(self):
        done = self.prints("both-streams", 6)
        for number in range(6):
            of_item = [line for line in told_by(done) if line.endswith(f" {number}")]
            self.assertEqual(of_item, [f"{how} {number}" for how in ("out", "err", "cerr", "clog")])

    def test_programs_that_items_start(self):
        lines = told_by(self.prints("children", 6))
        self.assertEqual(sorted(lines), [f"child {number}" for number in range(6)])

    def test_items_that_close_their_streams(self):
        done = self.succeed(fixture("prints"), "closes")
        self.assertEqual(done.err, "6 done\n")
        self.assertGreaterEqual(len(done.lines), 1)

    def test_last_words_of_a_cancelled_job(self):
        done = self.run_program(fixture("prints"), "cancelled")
        self.assertEqual(done.lines, ["From task 1: hello of 0", "From task 1: goodbye of 0"],
                         done.told)

    def test_a_cancelled_job_without_prints_stays_silent(self):
        done = self.run_program(fixture("prints"), "cancelled-silently")
        self.assertEqual((done.code, done.lines), (0, []), done.told)

    def test_many_workers_at_once(self):
        lines = told_by(self.prints("crowd", 4))
        wanted = [f"outer {number}" for number in range(4)]
        for number in range(8):
            for line in range(400):
                wanted += 4 * [f"inner {number} line {line} of {how}" for how in ("printf", "cout")]
        self.assertEqual(sorted(lines), sorted(wanted))

    # --- nobody takes it

    def check_file(self, text):
        self.assertEqual(self.read("told"), text)
        self.assert_alone()

    def test_the_client_s_streams_are_closed(self):
        for closed in ((1,), (2,), (1, 2), (0, 1, 2)):
            with self.subTest(closed=closed):
                done = self.run_program(
                    fixture("prints"), "both-streams", self.path("told"),
                    preexec_fn=lambda: [os.close(each) for each in closed])
                self.assertEqual(done.code, 0, done.told)
                self.check_file("6 done\n")

    def test_the_client_s_streams_are_full(self):
        with open("/dev/full", "wb") as full:
            self.succeed(fixture("prints"), "both-streams", self.path("told"), stdout=full,
                         stderr=full)
        self.check_file("6 done\n")

    def test_the_reader_goes_away(self):
        """As in `program | head`: the client ends by SIGPIPE, and all workers with it."""
        ours, theirs = os.pipe()
        client = self.start(fixture("prints"), "megabytes", stdout=theirs)
        os.close(theirs)
        os.read(ours, 1000)
        os.close(ours)
        self.assertEqual(client.end().code, -signal.SIGPIPE)
        self.assert_alone()
        self.assert_no_remains()

    def test_the_reader_goes_away_and_the_client_ignores_that(self):
        ours, theirs = os.pipe()

        def ignore():
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        client = self.start(fixture("prints"), "megabytes", self.path("told"), stdout=theirs,
                            preexec_fn=ignore, restore_signals=False)
        os.close(theirs)
        os.read(ours, 1000)
        os.close(ours)
        self.assertEqual(client.end().code, 0)
        self.check_file("1 done\n")

    def test_the_reader_is_slow(self):
        """A pipe that is full holds the job up; when it is read, all of it comes."""
        client = self.start(fixture("prints"), "megabytes", stdout=subprocess.PIPE)
        out = client.process.stdout.read()
        self.assertEqual(client.end().code, 0)
        client.process.stdout.close()
        self.assertEqual(out.count(b"\n"), 100_000)


main()
