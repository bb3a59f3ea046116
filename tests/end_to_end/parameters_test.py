# SPDX-License-Identifier: MIT
"""parameters.json and start-up scripts through a real program: what is wrong with them is told with
file, line and key, and nothing hangs."""
import os
import signal
import unittest

from support import SOURCES, Case, fixture, main

NOTEBOOK = os.path.join(SOURCES, "examples", "nested_hello", "parameters.json")


class Parameters(Case):
    def plain(self, *arguments, parameters=None, **more):
        environment = {} if parameters is None else {"PARAMETERS": parameters}
        return self.run_program(fixture("plain"), *arguments, environment=environment, **more)

    def refused(self, text, name="parameters.json"):
        """What the program says about a file of that text, which names the file."""
        path = self.write(name, text)
        done = self.plain(parameters=path)
        self.assertEqual((done.code, done.out), (1, ""), done.told)
        self.assertIn(path, done.err)
        self.assert_alone()
        return done.err

    def test_a_right_file(self):
        path = self.write("parameters.json", '{"_POOL_COUNT": "2", "_NODE_COUNT_PER_POOL": 2}\n')
        done = self.plain(parameters=path)
        self.assertEqual((done.code, done.out), (0, "0\n2\n4\n"), done.told)
        self.assertEqual(done.err.splitlines(),
                         ["Created pool 1 of 2 on this machine with 2 nodes.",
                          "Created pool 2 of 2 on this machine with 2 nodes."])

    def test_an_absent_file(self):
        done = self.plain(parameters=self.path("nothing.json"))
        self.assertEqual(done.code, 1, done.told)
        self.assertIn(self.path("nothing.json"), done.err)
        self.assertIn("No such file or directory", done.err)

    def test_a_directory(self):
        done = self.plain(parameters=self.place)
        self.assertEqual(done.code, 1, done.told)
        self.assertIn(self.place, done.err)

    def test_not_json(self):
        told = self.refused('{"_POOL_COUNT": "2",\n "_NODE_COUNT_PER_POOL" "4"}\n')
        self.assertIn("line 2", told)
        self.refused("")
        self.refused("pools = 2\n")
        self.refused('{"_POOL_COUNT": "2"')
        self.refused('["_POOL_COUNT"]')

    def test_an_unknown_key_is_told_with_the_nearest(self):
        told = self.refused('{"_POOL_COUNT": "2",\n\n "_NODE_CUONT_PER_POOL": "4"}\n')
        self.assertIn("line 3", told)
        self.assertIn("_NODE_CUONT_PER_POOL", told)
        self.assertIn("_NODE_COUNT_PER_POOL", told)

    def test_a_task_of_more_nodes_than_a_pool_has(self):
        told = self.refused('{"_NODE_COUNT_PER_POOL": "2",\n "_NUM_NODES_PER_TASK": "4"}\n')
        for part in ("_NODE_COUNT_PER_POOL", "line 1", "_NUM_NODES_PER_TASK", "line 2"):
            self.assertIn(part, told)

    def test_counts_that_are_none(self):
        for key in ("_POOL_COUNT", "_NODE_COUNT_PER_POOL", "_NUM_NODES_PER_TASK",
                    "_NUM_PROCS_PER_NODE"):
            for value in ('"0"', "0", '"-1"', "-3", '"four"', '""', "2.5", "null", '"1000000"',
                          "99999999999999999999"):
                with self.subTest(key=key, value=value):
                    told = self.refused(f'{{"_VERBOSE": "0",\n "{key}": {value}}}\n')
                    self.assertIn(key, told)
                    self.assertIn("line 2", told)

    def test_a_file_with_a_name_that_is_none(self):
        told = self.refused('{"_POOL_CUONT": 1}', "a name\nwith a line, blanks and ..")
        self.assertIn("_POOL_COUNT", told)

    def test_the_notebook_s_file_and_program(self):
        """2 pools of 4 nodes, tasks of 4 nodes: prints what the notebook prints."""
        script = os.path.join(os.path.dirname(NOTEBOOK), "pool_startup_script.sh")
        self.write("pool_startup_script.sh", self.read(script))
        done = self.succeed(fixture("nested_hello"), environment={"PARAMETERS": NOTEBOOK})
        lists = (("Bob", "Jane", "John", "Anne"), ("Mark", "Sarah", "Max", "Emma"))
        names = [name for each in lists for name in each]
        hello = [line for line in done.lines if line.startswith("From ")]
        self.assertEqual(done.lines[len(hello):], [f"Goodbye from {name}" for name in names])
        self.assertEqual(sorted(hello), sorted(
            f"From pool {pool}, task {pool}, worker {worker}: Hello {name} from {worker}"
            for pool, each in enumerate(lists, 1) for worker, name in enumerate(each, 2)))
        self.assertIn("Created pool 1 of 2 on this machine with 4 nodes.\n"
                      "Created pool 2 of 2 on this machine with 4 nodes.\n", done.err)
        self.assert_alone()


class StartUpScripts(Case):
    def setUp(self):
        super().setUp()
        self.environment["PARAMETERS"] = self.write(
            "parameters.json", '{"_POOL_COUNT": 2, "_NODE_COUNT_PER_POOL": 2, "_VERBOSE": 0}')

    def plain(self, *arguments, **more):
        return self.run_program(fixture("plain"), *arguments, **more)

    def test_runs_once_on_each_node(self):
        script = self.write("start up.sh", 'echo "$CLUSTERLESS_NODE" >> nodes\n')
        done = self.plain(script, 2000)
        self.assertEqual(done.code, 0, done.told)
        nodes = self.read("nodes").split()
        self.assertGreaterEqual(len(nodes), 2)
        self.assertEqual(len(nodes), len(set(nodes)), nodes)

    def test_its_name_may_hold_anything(self):
        os.mkdir(self.path("a\ndirectory"))
        for name in ("a\nline 'and \"quotes", "-e", "$(touch evil)", "a\ndirectory/../b"):
            with self.subTest(name=name):
                self.write(name, "echo x >> ran\n")
                before = len(self.read("ran"))
                done = self.plain(name)
                self.assertEqual((done.code, done.out), (0, "0\n2\n4\n"), done.told)
                self.assertGreater(len(self.read("ran")), before)
        self.assertFalse(os.path.exists(self.path("evil")))

    def refused(self, script, *told):
        done = self.plain(script)
        self.assertEqual((done.code, done.out), (1, ""), done.told)
        for each in (script, *told):
            self.assertIn(each, done.err)
        self.assert_alone()

    def test_is_not_there(self):
        self.refused(self.path("nothing.sh"), "No such file or directory")

    def test_is_a_directory(self):
        self.refused(self.place, "directory")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_cannot_be_read(self):
        self.refused(self.write("script.sh", "true\n", mode=0o000), "Permission denied")

    @unittest.skipIf(os.geteuid() != 0, "another user, who may not read it, needs root")
    def test_cannot_be_read_by_another_user(self):
        script = self.write("script.sh", "true\n", mode=0o600)
        done = self.plain(script, preexec_fn=lambda: os.setuid(54321))
        self.assertEqual(done.code, 1, done.told)
        self.assertIn(script, done.err)
        self.assertIn("Permission denied", done.err)

    def test_fails(self):
        script = self.write("script.sh", "echo first words\necho last words >&2\nexit 3\n")
        self.refused(script, f"the start-up script {script} on node ", "ended with exit code 3",
                     "first words", "last words")

    def test_fails_without_a_word(self):
        self.refused(self.write("script.sh", "exit 4\n"),
                     "ended with exit code 4; it printed nothing")

    def test_is_killed(self):
        self.refused(self.write("script.sh", "echo here\nkill -9 $$\n"), "was killed by signal 9",
                     "here")

    def test_leaves_a_process_that_holds_its_output(self):
        script = self.write("script.sh", "sleep 1000 &\n")
        done = self.plain(script)
        self.assertEqual((done.code, done.out), (0, "0\n2\n4\n"), done.told)
        self.assert_alone()

    def check_hang(self, text, number):
        script = self.write("script.sh", text)
        client = self.start(fixture("plain"), script)
        self.wait_until(lambda: os.path.exists(self.path("hangs")), "the script", client)
        client.kill(number)
        done = client.end()
        self.assertEqual((done.code, done.out), (-number, ""), done.told)
        self.assert_alone()

    def test_hangs_and_is_interrupted(self):
        self.check_hang("touch hangs\nsleep 1000\n", signal.SIGINT)

    def test_hangs_ignores_signals_and_is_interrupted(self):
        self.check_hang("trap '' INT TERM HUP\ntouch hangs\nwhile :; do sleep 1000; done\n",
                        signal.SIGINT)

    def test_hangs_and_the_client_is_killed(self):
        self.check_hang("touch hangs\nsleep 1000\n", signal.SIGKILL)


main()
