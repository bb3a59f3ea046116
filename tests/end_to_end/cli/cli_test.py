# SPDX-License-Identifier: MIT
"""The command-line tool on real named jobs: cli_test.py CLUSTERLESS NAMED_JOB SOURCE_TREE

Waits are for conditions, with a deadline that only a broken program meets.
"""
import errno
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOOL, PROGRAM, TREE = (os.path.abspath(path) for path in sys.argv[1:4])
DEADLINE = float(os.environ.get("CLUSTERLESS_TEST_DEADLINE", 120))  # seconds


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


class CliTest(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="clusterless-cli-")
        self.store = os.path.join(self.place, "store")
        self.environment = {
            key: value
            for key, value in os.environ.items()
            if key not in ("PARAMETERS", "CREDENTIALS", "CLUSTERLESS_ENGINE", "NO_COLOR")
        }
        self.environment["CLUSTERLESS_STORE"] = self.store
        self.started = []

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        shutil.rmtree(self.place)

    # --- helpers

    def run_program(self, *arguments, **more):
        done = subprocess.run(
            arguments, env={**self.environment, **more.pop("environment", {})}, text=True,
            capture_output=True, timeout=DEADLINE, stdin=subprocess.DEVNULL, **more)
        return Result(done.returncode, done.stdout, done.stderr)

    def cli(self, *arguments, **more):
        return self.run_program(TOOL, *arguments, **more)

    def make(self, job, mode, expect=0, program=PROGRAM):
        made = self.run_program(program, job, mode, self.place)
        self.assertEqual(made.code, expect, made.err)

    def start(self, *arguments):
        process = subprocess.Popen(
            arguments, env=self.environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.started.append(process)
        return process

    def make_gates(self):
        for item in range(4):
            os.mkfifo(self.gate(item))

    def gate(self, item):
        return os.path.join(self.place, f"gate-{item}")

    def at_gate(self, item):
        """Returns once the item waits at its gate; closing what it returns lets it go on."""
        opened = []

        def is_there():
            try:
                opened.append(os.open(self.gate(item), os.O_WRONLY | os.O_NONBLOCK))
            except OSError as caught:
                self.assertEqual(caught.errno, errno.ENXIO)
            return opened

        self.wait_for(is_there, f"item {item} at its gate")
        return os.fdopen(opened[0], "w")

    def wait_for(self, condition, what):
        deadline = time.monotonic() + DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"waited in vain for {what}")

    def facts(self, job):
        shown = self.cli("show", job, "--json")
        self.assertEqual(shown.code, 0, shown.err)
        return shown.json

    def interrupted_job(self, job="gates"):
        """A job of 4 items, the first two with values, whose client was killed in the third."""
        self.make_gates()
        client = self.start(PROGRAM, job, "gates", self.place)
        for item in (0, 1):
            self.at_gate(item).close()
        held = self.at_gate(2)
        self.wait_for(lambda: self.facts(job)["done"] == 2, "two values")
        client.kill()
        client.wait(DEADLINE)
        held.close()

    # --- looking

    def test_jobs_of_an_empty_store(self):
        listed = self.cli("jobs")
        self.assertEqual((listed.code, listed.out), (0, ""))
        self.assertIn("No jobs", listed.err)
        self.assertEqual(self.cli("jobs", "-q").err, "")
        self.assertEqual(self.cli("jobs", "--json").json, {"store": self.store, "jobs": []})
        self.assertFalse(os.path.exists(self.store), "looking makes no store")

    def test_jobs_tell_state_and_counts(self):
        self.make("alpha", "square")
        self.make("beta", "odd", expect=1)
        listed = {job["name"]: job for job in self.cli("jobs", "--json").json["jobs"]}
        alpha, beta = listed["alpha"], listed["beta"]
        self.assertEqual((alpha["state"], alpha["done"], alpha["failed"], alpha["total"]),
                         ("finished", 4, 0, 4))
        self.assertEqual((beta["state"], beta["done"], beta["failed"], beta["missing"]),
                         ("failed", 2, 2, 0))
        self.assertEqual(alpha["function"], "fixture::square(int)")
        self.assertEqual(alpha["pool"], {"engine": "local", "pools": 1, "nodes": 2,
                                         "nodes_per_task": 1, "procs_per_node": 1})
        table = self.cli("jobs").out.splitlines()
        self.assertRegex(table[0], r"^JOB +STATE +DONE +FAILED +AGE +FUNCTION +POOL$")
        self.assertRegex(table[1], r"^alpha +finished +4/4 +0 +.* fixture::square\(int\) +local, 2 n")
        self.assertEqual(self.cli("jobs", "--names").out, "alpha\nbeta\n")
        self.assertEqual(self.cli("jobs", "--names", "--state", "failed").out, "beta\n")
        self.assertEqual(self.cli("jobs", "--names", "--json").json, ["alpha", "beta"])

    def test_the_store_is_an_option_too(self):
        self.make("alpha", "square")
        self.environment["CLUSTERLESS_STORE"] = os.path.join(self.place, "other")
        self.assertEqual(self.cli("jobs", "--names").out, "")
        relative = os.path.relpath(self.store, self.place)
        named = self.cli("jobs", "--names", "--store", relative, cwd=self.place)
        self.assertEqual(named.out, "alpha\n")

    def test_show_tells_everything(self):
        self.make("beta", "odd", expect=1)
        facts = self.facts("beta")
        self.assertEqual(facts["program"]["path"], PROGRAM)
        self.assertEqual(facts["program"]["arguments"], [PROGRAM, "beta", "odd", self.place])
        self.assertEqual(facts["program"]["on_disk"], "same")
        self.assertEqual(facts["program"]["build"], facts["program"]["build_on_disk"])
        self.assertEqual(facts["result_type"], {"schema": "i4", "words": "i32"})
        self.assertEqual([each["item"] for each in facts["failures"]], [1, 3])
        self.assertEqual(facts["failures"][0]["cause"], "exception")
        self.assertEqual(facts["failures"][0]["type"], "std::runtime_error")
        self.assertEqual(facts["failures"][0]["message"], "1 is odd\nand that is all")
        self.assertEqual(facts["remarks"], [])
        text = self.cli("show", "beta", "--limit", "1")
        self.assertIn("2 done, 2 failed, 0 missing, of 4", text.out)
        self.assertIn("Failed items (1 of 2; --all shows every one):", text.out)
        self.assertIn("item 1: exception std::runtime_error: 1 is odd\n", text.out)
        self.assertIn("clusterless replay beta N", text.err)
        self.assertIn("item 3: exception", self.cli("show", "beta", "--all").out)

    def test_show_item_is_a_value_or_a_whole_error(self):
        self.make("beta", "odd", expect=1)
        good = self.cli("show", "beta", "--item", "2", "--json").json
        self.assertEqual((good["state"], good["value"], good["type"]), ("value", 2, "i32"))
        self.assertEqual(good["output"], "looking at 2\n")
        bad = self.cli("show", "beta", "-i", "3", "--json").json
        self.assertEqual((bad["state"], bad["error"]["message"]),
                         ("failed", "3 is odd\nand that is all"))
        self.assertIn("and that is all", self.cli("show", "beta", "-i", "3").out)
        beyond = self.cli("show", "beta", "-i", "4")
        self.assertEqual(beyond.code, 2)
        self.assertIn("has no item 4; it has 4, from 0", beyond.err)

    def test_a_crash_is_shown_with_its_stack(self):
        self.make("crash", "crash", expect=1)
        facts = self.cli("show", "crash", "-i", "2", "--json").json
        self.assertEqual(facts["error"]["cause"], "crashed")
        self.assertIn("fixture::", facts["error"]["trace"])

    def test_logs_name_task_and_worker(self):
        self.make("alpha", "square")
        lines = self.cli("logs", "alpha").out.splitlines()
        self.assertEqual(len(lines), 4)
        for line in lines:
            self.assertRegex(line, r"^task \d+ worker 1: squaring [0-3]$")
        self.assertEqual(len(self.cli("logs", "alpha", "--tail", "1").out.splitlines()), 1)
        self.assertRegex(self.cli("logs", "alpha", "2").out, r": squaring 2\n$")
        parsed = [json.loads(line) for line in self.cli("logs", "alpha", "--json").out.splitlines()]
        self.assertEqual(sorted(each["text"] for each in parsed),
                         [f"squaring {x}" for x in range(4)])

    def test_output_that_cannot_be_written_is_no_success(self):
        self.make("alpha", "square")
        for command in (["fetch", "alpha"], ["jobs"], ["show", "alpha", "--json"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([TOOL, *command], env=self.environment, stdout=full,
                                      stderr=subprocess.PIPE, text=True, timeout=DEADLINE,
                                      stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 1, command)
            self.assertIn("standard output could not be written", done.stderr)

    def test_logs_follow_a_running_job_to_its_end(self):
        self.make_gates()
        client = self.start(PROGRAM, "gates", "gates", self.place)
        held = self.at_gate(0)
        follower = self.start(TOOL, "logs", "-f", "gates")
        self.assertRegex(follower.stdout.readline(), r"^task \d+ worker 1: item [01] at its gate")
        held.close()
        for item in (1, 2, 3):
            self.at_gate(item).close()
        rest, _ = follower.communicate(timeout=DEADLINE)
        self.assertEqual(follower.returncode, 0)
        self.assertIn("item 3 at its gate", rest)
        self.assertEqual(client.wait(DEADLINE), 0)

    # --- values

    def test_fetch_prints_values_by_their_type(self):
        self.make("described", "describe")
        self.assertEqual(self.cli("fetch", "described").out.splitlines(),
                         ['0: [0,"shot 0",[0.5,0.0]]', '1: [1,"shot 1",[0.5,1.0]]',
                          '2: [2,"shot 2",[0.5,2.0]]'])
        self.assertEqual(self.cli("fetch", "described", "1").out, '[1,"shot 1",[0.5,1.0]]\n')
        all_of_it = self.cli("fetch", "described", "--json", "0-1").json
        self.assertEqual(all_of_it["type"], "(i32, text, list of f32)")
        self.assertEqual([each["value"][0] for each in all_of_it["items"]], [0, 1])

    def test_fetch_tells_of_items_without_a_value(self):
        self.make("beta", "odd", expect=1)
        fetched = self.cli("fetch", "beta")
        self.assertEqual(fetched.code, 1)
        self.assertEqual(fetched.out, "0: 0\n2: 2\n")
        self.assertIn("item 1 failed: exception std::runtime_error: 1 is odd\n", fetched.err)
        items = self.cli("fetch", "beta", "--json").json["items"]
        self.assertEqual([each["state"] for each in items],
                         ["value", "failed", "value", "failed"])
        for wrong in (["4"], ["3-1"], ["x"], ["-1"]):
            self.assertEqual(self.cli("fetch", "beta", *wrong).code, 2)

    def test_fetch_saves_files_arrays_and_json(self):
        out = os.path.join(self.place, "out")
        for job, mode in (("files", "files"), ("ramp", "ramp"), ("described", "describe")):
            self.make(job, mode)
            self.assertEqual(self.cli("fetch", job, "-o", os.path.join(out, job)).code, 0)
        with open(os.path.join(out, "files", "1", "out put.dat")) as file:
            self.assertEqual(file.read(), "contents 1\n")
        with open(os.path.join(out, "ramp", "2.npy"), "rb") as file:
            raw = file.read()
        self.assertEqual(raw[:6], b"\x93NUMPY")
        self.assertIn(b"'shape': (3, )", raw)
        self.assertEqual(len(raw), 128 + 24)
        with open(os.path.join(out, "described", "0.json")) as file:
            self.assertEqual(json.load(file), [0, "shot 0", [0.5, 0.0]])
        one = os.path.join(self.place, "one.dat")
        saved = self.cli("fetch", "files", "0", "-o", one, "--json")
        self.assertEqual(saved.json, {"saved": [{"item": 0, "path": one}],
                                      "failed": [], "missing": []})
        with open(one) as file:
            self.assertEqual(file.read(), "contents 0\n")

    def test_nested_values(self):
        self.make("nested", "nested")
        self.assertEqual(self.cli("fetch", "nested").out, '0: ["0","10"]\n1: ["10","20"]\n')
        replayed = self.cli("replay", "nested", "1")
        self.assertEqual((replayed.code, replayed.out), (0, '["10","20"]\n'))

    # --- taking up again

    def test_a_killed_client_leaves_a_job_that_retry_finishes(self):
        self.interrupted_job()
        facts = self.facts("gates")
        self.assertEqual((facts["state"], facts["done"], facts["missing"], facts["driver"]),
                         ("interrupted", 2, 2, None))
        self.assertIn("clusterless retry gates", self.cli("show", "gates").err)
        part = self.cli("fetch", "gates")
        self.assertEqual((part.code, part.out), (1, "0: 100\n1: 101\n"))
        self.assertIn("item 2 has no outcome yet", part.err)

        retry = self.start(TOOL, "retry", "gates", "--json")
        for item in (2, 3):
            self.at_gate(item).close()
        out, err = retry.communicate(timeout=DEADLINE)
        self.assertEqual(retry.returncode, 0, err)
        self.assertEqual(json.loads(out)["state"], "finished")
        self.assertEqual(self.cli("fetch", "gates").out, "0: 100\n1: 101\n2: 102\n3: 103\n")
        again = self.cli("retry", "gates")
        self.assertEqual(again.code, 0)
        self.assertIn("Nothing to run", again.err)

    def test_a_running_job_names_its_driver_and_is_left_alone(self):
        self.make_gates()
        client = self.start(PROGRAM, "gates", "gates", self.place)
        held = self.at_gate(0)
        facts = self.facts("gates")
        self.assertEqual((facts["state"], facts["driver"]["pid"]), ("running", client.pid))

        def told():  # item 1 runs as well, and may have told first
            return [each for each in self.facts("gates")["progress"] if each["item"] == 0]
        self.wait_for(told, "progress of item 0")
        first = told()[0]
        self.assertEqual((first["fraction"], first["text"]), (0.25, "at the gate"))
        self.assertIn("  item 0: 25% at the gate\n", self.cli("show", "gates").out)
        retry = self.cli("retry", "gates")
        self.assertEqual(retry.code, 1)
        self.assertIn(f"process {client.pid}", retry.err)
        destroy = self.cli("destroy", "gates", "-y")
        self.assertEqual(destroy.code, 1)
        self.assertIn(f"process {client.pid}", destroy.err)
        held.close()
        for item in (1, 2, 3):
            self.at_gate(item).close()
        self.assertEqual(client.wait(DEADLINE), 0)

    def test_earlier_attempts_of_an_item_are_told(self):
        self.make("beta", "second")
        shown = self.cli("show", "beta", "--item", "1", "--json").json
        self.assertEqual((shown["state"], shown["attempt"]), ("value", 2))
        self.assertEqual([each["attempt"] for each in shown["earlier_attempts"]], [1])
        self.assertIn("the first attempt is lost", shown["earlier_attempts"][0]["error"])
        self.assertEqual(self.cli("show", "beta", "--item", "0", "--json").json["earlier_attempts"], [])
        self.assertRegex(self.cli("show", "beta", "--item", "1").out,
                         r"Attempt 1 failed at .*: item 1 \(task .*the first attempt is lost")

    def test_retry_runs_what_failed(self):
        self.make("beta", "odd", expect=1)
        missing_only = self.cli("retry", "beta", "--missing-only")
        self.assertEqual(missing_only.code, 1)
        self.assertEqual(self.cli("retry", "beta").code, 1)
        self.assertEqual(self.facts("beta")["failed"], 2)
        open(os.path.join(self.place, "mend"), "w").close()
        self.assertEqual(self.cli("retry", "beta").code, 0)
        self.assertEqual(self.cli("fetch", "beta").out, "0: 0\n1: 1\n2: 2\n3: 3\n")

    def test_cancel_stops_the_driver_and_retry_takes_the_job_up(self):
        self.make_gates()
        client = self.start(PROGRAM, "gates", "gates", self.place)
        held = self.at_gate(0)
        cancelled = self.cli("cancel", "gates", "--json")
        self.assertEqual(cancelled.code, 0, cancelled.err)
        self.assertEqual(cancelled.json["state"], "cancelled")
        self.assertEqual(client.wait(DEADLINE), 1)
        self.assertEqual(self.facts("gates")["submitted"], 4, "all inputs are recorded at once")
        held.close()
        retry = self.start(TOOL, "retry", "gates")
        for item in range(4):
            self.at_gate(item).close()
        self.assertEqual(retry.wait(DEADLINE), 0)
        self.assertEqual(self.facts("gates")["state"], "finished")
        over = self.cli("cancel", "gates")
        self.assertEqual(over.code, 0)
        self.assertIn("is over already", over.err)

    def test_cancel_ends_a_retry_for_good(self):
        self.interrupted_job()
        retry = self.start(TOOL, "retry", "gates")
        held = self.at_gate(2)
        cancelled = self.cli("cancel", "gates", "--json")
        self.assertEqual(cancelled.json["state"], "cancelled", cancelled.err)
        self.assertEqual(retry.wait(DEADLINE), 1)
        held.close()
        self.assertEqual(self.facts("gates")["state"], "cancelled")

    def test_cancel_marks_a_job_that_nobody_runs(self):
        self.interrupted_job()
        cancelled = self.cli("cancel", "gates")
        self.assertEqual(cancelled.code, 0)
        self.assertIn("Nobody was running gates", cancelled.err)
        self.assertEqual(self.facts("gates")["state"], "cancelled")

    def test_a_job_that_its_program_cancelled_says_so(self):
        self.make_gates()
        self.make("gates", "cancels", expect=1)
        self.assertEqual(self.facts("gates")["state"], "cancelled")

    def test_destroy_removes_jobs_and_asks_first_on_a_terminal(self):
        for job in ("alpha", "beta", "gamma"):
            self.make(job, "square")
        misspelt = self.cli("destroy", "alpha", "gama", "-y")
        self.assertEqual(misspelt.code, 2)
        self.assertIn("did you mean 'gamma'?", misspelt.err)
        self.assertEqual(self.cli("jobs", "--names").out, "alpha\nbeta\ngamma\n")
        self.assertEqual(self.cli("destroy", "alpha", "--json").json,
                         {"jobs": [{"name": "alpha", "removed": True, "left": []}]})
        for answer, left in (("n\n", "beta\ngamma\n"), ("y\n", "gamma\n")):
            ours, theirs = pty.openpty()
            asked = subprocess.Popen([TOOL, "destroy", "beta"], env=self.environment, stdin=theirs,
                                     stderr=subprocess.PIPE, text=True)
            os.write(ours, answer.encode())
            _, err = asked.communicate(timeout=DEADLINE)
            os.close(ours)
            os.close(theirs)
            self.assertIn("Remove beta with all its data? [y/N]", err)
            self.assertEqual(self.cli("jobs", "--names").out, left)

    def test_another_build_on_disk_is_refused_by_both_ids(self):
        program = os.path.join(self.place, "program")
        shutil.copy(PROGRAM, program)
        self.make("beta", "odd", expect=1, program=program)
        build = self.facts("beta")["program"]["build"]
        os.unlink(program)
        shutil.copy(TOOL, program)
        facts = self.facts("beta")["program"]
        self.assertEqual(facts["on_disk"], "changed")
        for command in (["retry", "beta"], ["replay", "beta", "1"]):
            refused = self.cli(*command)
            self.assertEqual(refused.code, 2)
            self.assertIn(build, refused.err)
            self.assertIn(facts["build_on_disk"], refused.err)
        os.unlink(program)
        self.assertEqual(self.facts("beta")["program"]["on_disk"], "gone")
        gone = self.cli("retry", "beta")
        self.assertEqual(gone.code, 2)
        self.assertIn(program, gone.err)
        self.assertEqual(self.cli("fetch", "beta", "0").out, "0\n", "values need no program")

    # --- replay

    def test_replay_gives_the_value_or_the_error_of_one_item(self):
        self.make("beta", "odd", expect=1)
        good = self.cli("replay", "beta", "2")
        self.assertEqual((good.code, good.out), (0, "looking at 2\n2\n"))
        bad = self.cli("replay", "beta", "3", "--json")
        self.assertEqual(bad.code, 1)
        self.assertEqual((bad.json["state"], bad.json["error"]["message"]),
                         ("failed", "3 is odd\nand that is all"))
        self.assertEqual(self.cli("replay", "beta", "9").code, 2)
        self.make("lambda", "lambda")
        self.assertEqual(self.cli("replay", "lambda", "1").out, "1.5\n")

    def test_replay_of_a_crash_says_which_signal(self):
        self.make("crash", "crash", expect=1)
        crash = self.cli("replay", "crash", "2", "--json")
        self.assertEqual(crash.code, 128 + signal.SIGSEGV)
        self.assertEqual((crash.json["state"], crash.json["signal"]), ("crashed", signal.SIGSEGV))

    def test_replay_under_the_debugger_shows_where(self):
        if shutil.which("gdb") is None:
            self.skipTest("gdb is not installed")
        self.make("crash", "crash", expect=1)
        crash = self.cli("replay", "crash", "2", "--backtrace")
        if "Operation not permitted" in crash.err:
            self.skipTest("this machine does not let gdb trace programs: " + crash.err)
        self.assertIn("SIGSEGV", crash.out)
        self.assertRegex(crash.out, r"#0 .*fixture::")
        self.assertEqual(crash.code, 1)
        self.make("lambda", "lambda")
        for job, stop in (("crash", "fixture::crash_on_two"), ("lambda", "clusterless_replay_")):
            debugger = subprocess.run([TOOL, "replay", job, "0", "--gdb"], env=self.environment,
                                      text=True, capture_output=True, timeout=DEADLINE,
                                      input="info symbol $pc\ncontinue\nquit\n")
            self.assertIn(stop, debugger.stdout)
            self.assertEqual(debugger.returncode, 0, debugger.stderr)

    # --- damage and misuse

    def test_a_damaged_record_is_named_and_what_is_left_is_shown(self):
        self.make("alpha", "square")
        run = self.facts("alpha")["run"]
        journal = os.path.join(self.store, "jobs", "alpha", run, "journal", "1")
        self.assertEqual(self.cli("show", "alpha", "--check").code, 0)
        with open(journal, "rb") as file:
            sound = file.read()

        def damage(place):
            raw = bytearray(sound)
            raw[place] ^= 0xFF
            with open(journal, "wb") as file:
                file.write(raw)

        value = sound.rindex((9).to_bytes(4, "little"))
        damage(value)
        self.assertEqual(self.cli("show", "alpha").code, 0)
        checked = self.cli("show", "alpha", "--check", "--json")
        self.assertEqual((checked.code, checked.json["state"]), (1, "damaged"))
        fetched = self.cli("fetch", "alpha", "3")
        self.assertEqual(fetched.code, 1)
        self.assertIn("journal/1", fetched.err)

        damage(50)
        listed = self.cli("jobs", "--json").json["jobs"][0]
        self.assertEqual(listed["state"], "damaged")
        self.assertIn("journal/1", listed["problem"])
        shown = self.cli("show", "alpha")
        self.assertEqual(shown.code, 1)
        self.assertIn("journal/1", shown.err)
        self.assertEqual(self.cli("fetch", "alpha").code, 1)
        manifest = os.path.join(self.store, "jobs", "alpha", "manifest")
        with open(manifest, "w") as file:
            file.write("{}")
        self.assertEqual(self.cli("jobs", "--json").json["jobs"][0]["state"], "damaged")
        self.assertEqual(self.cli("show", "alpha").code, 1)
        self.assertEqual(self.cli("destroy", "alpha").code, 0)

    def test_a_wrong_name_suggests_the_nearest(self):
        self.make("waves-2026", "square")
        for command in ("show", "logs", "fetch", "retry", "cancel", "destroy"):
            wrong = self.cli(command, "wave-2026")
            self.assertEqual(wrong.code, 2, command)
            self.assertIn("did you mean 'waves-2026'?", wrong.err)

    def test_wrong_use_is_code_2_and_points_to_the_help(self):
        for arguments in (["shwo"], ["show"], ["jobs", "--nmaes"], ["replay", "x"],
                          ["completion", "tcsh"], ["show", "x", "--limit", "few"],
                          ["replay", "x", "0", "--gdb", "--backtrace"]):
            wrong = self.cli(*arguments)
            self.assertEqual(wrong.code, 2, arguments)
            self.assertIn("--help", wrong.err)
            self.assertEqual(wrong.out, "")

    def test_help_and_version(self):
        self.assertIn("Subcommands:", self.cli().out)
        for command in ("jobs", "show", "logs", "fetch", "retry", "cancel", "destroy", "replay",
                        "doctor", "emulator", "version", "completion"):
            self.assertIn(f"Usage: clusterless {command}", self.cli(command, "--help").out)
        self.assertEqual(self.cli("--version").out, self.cli("version").out)
        self.assertIn(self.cli("version", "--json").json["version"], self.cli("version").out)

    def test_colours_are_for_terminals_without_no_color(self):
        self.make("alpha", "square")
        self.assertNotIn("\033", self.cli("jobs").out)
        for no_color, coloured in (("", True), ("1", False)):
            ours, theirs = pty.openpty()
            shown = subprocess.Popen([TOOL, "jobs"], stdout=theirs, env={
                **self.environment, "TERM": "xterm", "NO_COLOR": no_color})
            shown.wait(DEADLINE)
            os.close(theirs)
            text = os.read(ours, 65536).decode()
            os.close(ours)
            self.assertEqual("\033[" in text, coloured, text)

    # --- doctor

    def doctor(self, *arguments, **environment):
        done = self.cli("doctor", "--json", *arguments, environment=environment)
        self.assertIn(done.code, (0, 1), done.err)
        found = {(each["section"], each["name"]): each for each in done.json["findings"]}
        return done.code, found

    def test_doctor_finds_a_good_program_good(self):
        self.make("alpha", "square")
        code, found = self.doctor(PROGRAM)
        self.assertEqual(code, 0, found)
        self.assertIn("called first", found["program", "init"]["text"])
        self.assertEqual(found["program", "build id"]["text"],
                         self.facts("alpha")["program"]["build"])
        self.assertEqual(found["program", "debug information"]["verdict"], "ok")
        self.assertIn("1 job, 1 finished", found["store", "place"]["text"])
        self.assertIn("All good", self.cli("doctor", PROGRAM).out)

    def test_doctor_finds_what_is_wrong_with_a_program(self):
        self.assertIn("not linked", self.doctor("/bin/true")[1]["program", "library"]["text"])
        code, found = self.doctor(PROGRAM, NAMED_JOB_WITHOUT_INIT="1")
        self.assertEqual(code, 1)
        self.assertIn("did something else", found["program", "init"]["text"])
        self.assertIn("usage: named_job", found["program", "init"]["text"])
        self.assertEqual(self.doctor("/no/such/program")[0], 1)

    def test_doctor_reads_the_parameters(self):
        path = os.path.join(self.place, "parameters.json")
        with open(path, "w") as file:
            file.write('{"_POOL_COUNT": "2",\n "_NODE_COUNT_PER_POOL": "4"}\n')
        code, found = self.doctor(PARAMETERS=path)
        self.assertEqual(found["parameters", "pools (_POOL_COUNT)"]["text"],
                         f"2, {path} line 1")
        self.assertEqual(found["parameters", "nodes (_NODE_COUNT_PER_POOL)"]["text"],
                         f"4, {path} line 2")
        with open(path, "w") as file:
            file.write('{"_POOL_CUONT": "2"}\n')
        code, found = self.doctor(PARAMETERS=path)
        self.assertEqual(code, 1)
        self.assertIn("_POOL_COUNT", found["parameters", "files"]["text"])

    def test_doctor_tries_the_store(self):
        os.makedirs(self.store, 0o777)
        os.chmod(self.store, 0o777)
        code, found = self.doctor()
        self.assertEqual(code, 1)
        self.assertEqual(found["store", "place"]["verdict"], "fail")
        os.chmod(self.store, 0o700)
        self.assertEqual(self.doctor()[1]["store", "writing"]["verdict"], "ok")
        self.assertEqual(self.cli("jobs", "--names").out, "")

    # --- the manual and completion

    def test_the_manual_is_sound_and_knows_every_option(self):
        manual = os.path.join(TREE, "docs", "man", "clusterless.1")
        if shutil.which("man"):
            looked = self.run_program("man", "-l", "--warnings", manual)
            self.assertEqual((looked.code, looked.err), (0, ""))
        with open(manual) as file:
            text = file.read().replace("\\-", "-")
        for line in self.cli("completion", "bash").out.splitlines():
            if " options='" not in line:
                continue
            for option in line.split("'")[1].split():
                self.assertIn(option, text)

    def test_completion_scripts_are_sound(self):
        for shell in ("bash", "zsh", "fish"):
            script = os.path.join(self.place, shell)
            with open(script, "w") as file:
                file.write(self.cli("completion", shell).out)
            if shutil.which(shell):
                checked = self.run_program(shell, "-n", script)
                self.assertEqual((checked.code, checked.err), (0, ""))

    def test_bash_completes_commands_options_and_jobs(self):
        for job in ("alpha", "beta"):
            self.make(job, "square")
        script = os.path.join(self.place, "completion")
        with open(script, "w") as file:
            file.write(self.cli("completion", "bash").out)

        def completed(*words):
            quoted = " ".join(f"'{word}'" for word in words)
            found = self.run_program(
                "bash", "-c", f"source {script}; COMP_WORDS=({quoted}); "
                f"COMP_CWORD={len(words) - 1}; _clusterless; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
                environment={"PATH": os.path.dirname(TOOL) + ":" + os.environ["PATH"]})
            self.assertEqual(found.err, "")
            return found.out.split()

        self.assertEqual(completed("clusterless", "re"), ["retry", "replay"])
        self.assertEqual(completed("clusterless", "show", ""), ["alpha", "beta"])
        self.assertEqual(completed("clusterless", "show", "--limit", "3", "a"), ["alpha"])
        self.assertEqual(completed("clusterless", "show", "alpha", ""), [])
        self.assertEqual(completed("clusterless", "destroy", "alpha", ""), ["alpha", "beta"])
        self.assertEqual(completed("clusterless", "show", "--it"), ["--item"])
        self.assertEqual(completed("clusterless", "completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(completed("clusterless", "show", "--store", "/none", ""), [])

    def test_zsh_and_fish_complete_jobs(self):
        for job in ("alpha", "beta"):
            self.make(job, "square")
        path = {"PATH": os.path.dirname(TOOL) + ":" + os.environ["PATH"], "HOME": self.place}
        looked = []
        if shutil.which("zsh"):
            looked.append("zsh")
            # What zsh's own functions would be given, without a terminal.
            found = self.run_program(
                "zsh", "-f", "-c", """
                compdef() {}
                compadd() { print -l -- ${(P)2} }
                _describe() { print -l -- ${(P)2} }
                eval "$(clusterless completion zsh)"
                words=(clusterless show '') CURRENT=3; _clusterless_jobs
                _arguments() { print -l -- "$@" }
                words=(clusterless '') CURRENT=2; _clusterless
                words=(clusterless show '') CURRENT=3; _clusterless""", environment=path)
            self.assertEqual(found.err, "")
            lines = found.out.splitlines()
            self.assertEqual(lines[:2], ["alpha", "beta"])
            self.assertIn("jobs:List the jobs of the store", lines)
            self.assertIn("1:job:_clusterless_jobs", lines)
        if shutil.which("fish"):
            looked.append("fish")
            found = self.run_program(
                "fish", "-c", "clusterless completion fish | source; complete -C 'clusterless show '"
                "; complete -C 'clusterless re'", environment=path)
            self.assertEqual(found.out.split("\t")[0].splitlines()[:3], ["alpha", "beta", "replay"])
        if not looked:
            self.skipTest("neither zsh nor fish is installed")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[4:], verbosity=2)
