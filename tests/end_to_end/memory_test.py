# SPDX-License-Identifier: MIT
"""The client's memory does not grow with the number of items, and errors are all kept."""
import unittest

from support import SANITIZED, Case, fixture, main


class Memory(Case):
    @unittest.skipIf(SANITIZED, "sanitizers need memory of their own")
    def test_a_million_lazy_items_are_reduced_in_100_mib(self):
        count = 1_000_000
        done = self.succeed(fixture("many"), "lazy", count)
        total, peak = (int(line) for line in done.lines)
        self.assertEqual(total, count * (count - 1))
        self.assertLessEqual(peak, 100 << 10, "KiB")
        print(f"the client's peak is {peak} KiB")

    def test_a_thousand_errors_are_kept(self):
        done = self.succeed(fixture("many"), "failing", 1000)
        self.assertEqual(done.lines[0], "1000")
        self.assert_alone()


main()
