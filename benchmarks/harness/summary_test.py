# SPDX-License-Identifier: MIT
"""python3 -m unittest discover -s benchmarks -t benchmarks -p '*_test.py'"""

import unittest

from . import document, summary, tables
from .contestants import Contestant
from .works import Work


def contestant(label, kind, **more):
    return Contestant(label, kind, [], **more)


def work(**more):
    members = [contestant("Clusterless", "ours"), contestant("slow", "peer"),
               contestant("quick", "peer"), contestant("bound", "limit")]
    return Work(**{"key": "w", "title": "a work", "unit": "us", "aim": 3, "ahead": True,
                   "contestants": members} | more)


def lines(of, **figures):
    """`figures`: label -> list of values or of whole figures."""
    whole = {label: [one if isinstance(one, dict) else {"value": one} for one in given]
             for label, given in figures.items()}
    return [summary.line(one, whole.get(one.label, [])) for one in of.contestants]


class Summary(unittest.TestCase):
    def test_ratio_is_to_the_best_peer_and_medians_are_compared(self):
        one = work()

        [verdict] = summary.verdicts(
            one, lines(one, Clusterless=[2, 1, 90], slow=[50], quick=[8], bound=[0.5]))

        self.assertEqual(verdict.peer.label, "quick")
        self.assertEqual(verdict.ahead, 4)
        self.assertEqual(verdict.of_limit, 4)
        self.assertTrue(verdict.met)

    def test_more_is_better_turns_the_ratios_round(self):
        one = work(more_is_better=True, aim=10)

        [verdict] = summary.verdicts(one, lines(one, Clusterless=[12], quick=[6], bound=[24]))

        self.assertEqual(verdict.ahead, 2)
        self.assertEqual(verdict.of_limit, 2)
        self.assertTrue(verdict.met)

    def test_behind_a_peer_is_not_met_even_under_the_aim(self):
        one = work()

        [verdict] = summary.verdicts(one, lines(one, Clusterless=[2], quick=[1]))

        self.assertEqual(verdict.shortfalls, ["behind quick (0.50x)"])

    def test_other_figures_are_held_to_their_bounds(self):
        one = work(bounds={"files": 100})

        [verdict] = summary.verdicts(one, lines(one, Clusterless=[{"value": 1, "files": 101}]))

        self.assertEqual(verdict.shortfalls, ["files 101, at most 100"])

    def test_a_contestant_set_aside_is_no_best_peer(self):
        one = work()
        one.contestants[2].aside = "does less"

        [verdict] = summary.verdicts(one, lines(one, Clusterless=[2], slow=[4], quick=[1]))

        self.assertEqual(verdict.peer.label, "slow")

    def test_a_failed_run_of_ours_is_told_with_its_reason(self):
        one = work()

        [verdict] = summary.verdicts(
            one, lines(one, Clusterless=[{"failed": "exit 1: no such file"}], quick=[1]))

        self.assertEqual(verdict.shortfalls, ["exit 1: no such file"])
        self.assertIsNone(verdict.ahead)

    def test_a_failed_peer_stays_in_the_table(self):
        one = work()

        rows = tables.detail_rows(lines(one, quick=[{"failed": "missing"}]))

        self.assertIn(["quick", "–", "–", "0", "missing"], rows)


class Document(unittest.TestCase):
    def test_only_what_is_between_the_marks_is_replaced(self):
        text = f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n"

        once = document.replaced(text, "new")

        self.assertEqual(once, f"before\n{document.BEGIN}\n\nnew\n\n{document.END}\nafter\n")
        self.assertEqual(document.replaced(once, "new"), once)

    def test_marks_are_added_where_missing(self):
        self.assertIn("text\n\n" + document.BEGIN, document.replaced("text\n", "new"))


if __name__ == "__main__":
    unittest.main()
