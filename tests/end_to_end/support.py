# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: a place of its own for each test, programs that are started and
watched, and the promise, checked after every test, that no process of it is left.

Waits are for conditions, with a deadline that only a broken program meets.
"""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

FIXTURES = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
SOURCES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SANITIZED = os.environ.get("CLUSTERLESS_SANITIZE", "") != ""
DEADLINE = float(os.environ.get("DEADLINE", 120 if SANITIZED else 60))
MARK = "CLUSTERLESS_TEST_MARK"
OURS = ("PARAMETERS", "CREDENTIALS", "NO_COLOR")  # and all that begin with CLUSTERLESS_


def fixture(name):
    return os.path.join(FIXTURES, name)


def process_ids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def read_proc(pid, name):
    """Nothing when the process is gone, or a zombie where that matters."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def stat_fields(pid):
    """The fields of /proc/PID/stat from the third on (proc(5))."""
    text = read_proc(pid, "stat").decode(errors="replace")
    return text[text.rfind(")") + 2:].split()


def cpu_ticks(pid):
    fields = stat_fields(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def read_text(path):
    """The file's text, or nothing when there is none."""
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class Done:
    """How a program ended; `code` is negative when a signal ended it, and then says which."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def lines(self):
        return self.out.splitlines()

    @property
    def told(self):
        return f"code {self.code}\n--- out ---\n{self.out}\n--- err ---\n{self.err}"


class Running:
    """A started program, its output in files, so that it never waits for a reader."""

    def __init__(self, process, out, err):
        self.process, self.out_file, self.err_file = process, out, err
        self.pid = process.pid

    @property
    def out(self):
        return read_text(self.out_file)

    @property
    def err(self):
        return read_text(self.err_file)

    @property
    def over(self):
        return self.process.poll() is not None

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)

    def stop(self):
        """SIGSTOP; returns when no thread of it runs any more."""
        self.kill(signal.SIGSTOP)
        tasks = f"/proc/{self.process.pid}/task"
        until = time.monotonic() + DEADLINE
        while any(stat_fields(f"{self.process.pid}/task/{each}")[:1] not in ([], ["T"])
                  for each in os.listdir(tasks)):
            if time.monotonic() > until:
                raise AssertionError("the client was not stopped")
            time.sleep(0.001)

    def end(self):
        """Waits for the end."""
        try:
            code = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end\n{self.out}\n{self.err}") from None
        return Done(code, self.out, self.err)


class Case(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="clusterless end to end ")
        os.chmod(self.place, 0o755)
        self.mark = uuid.uuid4().hex
        self.store = os.path.join(self.place, "store")
        self.temporary = os.path.join(self.place, "tmp")
        os.mkdir(self.temporary)
        self.environment = {key: value for key, value in os.environ.items()
                            if key not in OURS and not key.startswith("CLUSTERLESS_")}
        self.environment.update({"CLUSTERLESS_STORE": self.store, "TMPDIR": self.temporary,
                                 MARK: self.mark})
        self.started = []
        self.addCleanup(self.clear)

    def clear(self):
        left = self.processes()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        for each in self.started:
            each.process.wait(DEADLINE)
        shutil.rmtree(self.place, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.place, *parts)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), "w") as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def read(self, name):
        return read_text(self.path(name))

    # --- programs

    def start(self, program, *arguments, environment=None, **more):
        number = len(self.started)
        out, err = self.path(f"out.{number}"), self.path(f"err.{number}")
        more.setdefault("stdin", subprocess.DEVNULL)
        with open(out, "wb") as out_file, open(err, "wb") as err_file:
            more.setdefault("stdout", out_file)
            more.setdefault("stderr", err_file)
            process = subprocess.Popen(
                [program, *map(str, arguments)], env={**self.environment, **(environment or {})},
                cwd=more.pop("cwd", self.place), **more)
        made = Running(process, out, err)
        self.started.append(made)
        return made

    def run_program(self, program, *arguments, **more):
        return self.start(program, *arguments, **more).end()

    def succeed(self, program, *arguments, **more):
        done = self.run_program(program, *arguments, **more)
        self.assertEqual(done.code, 0, done.told)
        return done

    # --- waiting

    def wait_until(self, condition, what, of=None):
        """`of`: a running program that must not end meanwhile."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            told = "" if of is None else f"\n{of.out}\n{of.err}"
            if of is not None and of.over and not condition():
                self.fail(f"ended with {of.process.returncode} before {what}{told}")
            self.assertLess(time.monotonic(), deadline, f"waited in vain for {what}{told}")
            time.sleep(0.002)

    # --- processes

    def processes(self):
        """All living processes of this test, whoever started them."""
        wanted = f"{MARK}={self.mark}\0".encode()
        return [pid for pid in process_ids() if wanted in read_proc(pid, "environ")]

    def assert_alone(self):
        """All processes of this test end, with nothing done to end them."""
        self.wait_until(lambda: not self.processes(), "the end of all processes")

    def assert_no_remains(self):
        """No directory of a worker is left. What removes the last ones after a client was killed is
        a process that cannot be seen while it becomes another program, so this waits as well."""
        self.wait_until(lambda: not os.listdir(self.temporary), "the end of all directories")


def limit(what, value):
    """For preexec_fn."""
    return lambda: resource.setrlimit(what, (value, value))


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
