# SPDX-License-Identifier: MIT
"""A store that cannot be written, that is full, or whose bytes were changed: said clearly, and
nothing that was committed is lost."""
import glob
import os
import resource
import subprocess
import unittest

from support import Case, fixture, limit, main

COUNT = 2000


def expected(number):
    if number % 50 == 13:
        return f"{number} ! std::runtime_error: number {number}"
    return f"{number} = {'.' * (number % 100)}{number * 3}"


class StoreFaults(Case):
    def mount(self, options):
        if os.geteuid() != 0:
            raise unittest.SkipTest("mounting a small file system needs root")
        os.mkdir(self.store, 0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.store],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise unittest.SkipTest(f"mount is refused: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.store], check=True)

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.store], check=True)

    def begin(self, name="survey", count=COUNT):
        return self.run_program(fixture("numbers"), "list", name, count, self.path("log"))

    def committed(self, name="survey"):
        shown = self.succeed(fixture("record_of"), name)
        return dict(line.split(" ", 1) for line in shown.lines)

    def journal(self, name="survey"):
        found = glob.glob(f"{glob.escape(self.store)}/jobs/{name}/*/journal/*")
        return max(found, key=os.path.getsize)

    def content(self, place):
        with open(place, "rb") as file:
            return file.read()

    def test_read_only(self):
        self.mount("size=1m,mode=0700")
        self.remount("ro")
        done = self.begin()
        self.assertEqual(done.code, 4, done.told)
        self.assertIn("Read-only file system", done.err)
        self.assertIn(self.store, done.err)
        self.assertEqual(self.read("log"), "", "no item ran")
        self.assert_alone()

    def test_full_in_the_middle(self):
        self.mount("size=200k,mode=0700")
        done = self.begin(count=20000)
        self.assertEqual(done.code, 3, done.told)
        self.assertIn("No space left on device", done.err)
        self.assertIn(self.store, done.err)
        self.assert_alone()

    def test_full_and_then_finished(self):
        """Nothing committed is lost; when there is room the job is finished."""
        self.mount("size=140k,mode=0700")
        done = self.begin()
        self.assertNotEqual(done.code, 0, done.told)
        self.assertIn("No space left on device", done.err)
        self.assert_alone()
        before = self.committed()
        ran_before = len(self.read("log").split())
        self.remount("size=4m")
        finished = self.succeed(fixture("numbers"), "reopen", "survey")
        self.assertEqual(finished.lines, [expected(i) for i in range(COUNT)])
        after = self.committed()
        for item, outcome in before.items():
            self.assertEqual(after[item], outcome)
        self.assertEqual(set(self.read("log").split()[ran_before:]) & set(before), set())
        print(f"{len(before)} outcomes were committed when the store was full")

    def test_a_file_above_the_limit_on_their_size(self):
        done = self.run_program(fixture("numbers"), "list", "survey", 20000, self.path("log"),
                                preexec_fn=limit(resource.RLIMIT_FSIZE, 200_000))
        self.assertEqual(done.code, 3, done.told)
        self.assertIn("File too large", done.err)
        self.assertIn("(ulimit -f)", done.err)
        self.assertIn(self.store, done.err)
        self.assert_alone()

    def test_an_emptied_journal_is_named(self):
        self.assertEqual(self.begin().code, 0)
        place = self.journal()
        with open(place, "wb"):
            pass
        done = self.run_program(fixture("numbers"), "reopen", "survey")
        self.assertEqual(done.code, 4, done.told)
        self.assertIn(f"damaged record: {place}, frame 0 at byte 0: the log is empty", done.err)

    def test_a_changed_byte_is_named(self):
        self.assertEqual(self.begin().code, 0)
        place = self.journal()
        whole = self.content(place)
        for at in (0, len(whole) // 3, len(whole) // 2, len(whole) - 1000):
            with self.subTest(byte=at):
                with open(place, "wb") as file:
                    file.write(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
                done = self.run_program(fixture("numbers"), "reopen", "survey")
                self.assertEqual(done.code, 4, done.told)
                self.assertIn(place, done.err)
                self.assertRegex(done.err, r"byte \d+")
        with open(place, "wb") as file:
            file.write(whole)
        self.assertEqual(self.succeed(fixture("numbers"), "reopen", "survey").lines,
                         [expected(i) for i in range(COUNT)])

    def test_a_torn_end_is_passed_over(self):
        self.assertEqual(self.begin().code, 0)
        place = self.journal()
        whole = self.content(place)
        before = self.committed()
        for cut in (1, 7, 40, 200):
            with self.subTest(cut=cut):
                with open(place, "wb") as file:
                    file.write(whole[:-cut])
                kept = self.committed()
                self.assertTrue(kept.items() <= before.items())
        done = self.succeed(fixture("numbers"), "reopen", "survey")
        self.assertEqual(done.lines, [expected(i) for i in range(COUNT)])
        after = self.committed()
        for item, outcome in kept.items():
            self.assertEqual(after[item], outcome)


main()
