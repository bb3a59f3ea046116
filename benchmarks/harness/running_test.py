# SPDX-License-Identifier: MIT
"""What running one contestant brings back, with shell commands as contestants."""

import tempfile
import unittest
from pathlib import Path

from . import running


class Running(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def run_shell(self, script, timeout=60):
        build = Path(self.folder.name)
        return running.run(["sh", "-c", script], build, build, timeout)

    def test_the_last_figure_counts_and_other_output_does_not(self):
        figure = self.run_shell("""echo hello; echo '{"value": 1}'; echo '{"value": 2, "n": 3}'""")

        self.assertEqual(figure, {"value": 2, "n": 3})

    def test_without_a_figure_the_last_words_are_the_reason(self):
        figure = self.run_shell("echo no module >&2; exit 3")

        self.assertEqual(figure, {"failed": "exit 3: no module"})

    def test_a_program_that_is_not_there_is_a_reason(self):
        build = Path(self.folder.name)

        figure = running.run([str(build / "absent")], build, build, 60)

        self.assertEqual(figure, {"failed": "cannot start absent: No such file or directory"})

    def test_at_the_time_out_every_process_of_the_run_ends(self):
        figure = self.run_shell("setsid sleep 600 & sleep 600", timeout=0.3)

        self.assertTrue(figure["failed"].startswith("no figure after"))
        self.assertNotIn("left_behind", figure)

    def test_nothing_is_left_in_the_folder(self):
        self.run_shell("touch left")

        self.assertEqual(list(Path(self.folder.name).iterdir()), [])


if __name__ == "__main__":
    unittest.main()
