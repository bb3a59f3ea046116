# SPDX-License-Identifier: MIT
"""Runs one contestant once and brings back its figure, or the reason why there is none. Whatever
a contestant does, it ends: by itself, or at its time-out with all its processes."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from pathlib import Path

from . import processes

IDLE_SECONDS = 2.0


def environment(build, scratch, token):
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("CLUSTERLESS_", "PYTHON"))
            and key not in ("PARAMETERS", "CREDENTIALS")}
    return kept | {
        processes.MARK: token,
        "CLUSTERLESS_ENGINE": "local",
        "CLUSTERLESS_STORE": str(scratch / "store"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "PYTHONPATH": str(build / "peers"),
    }


def parse(line):
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def measure_idle(token):
    time.sleep(0.4)  # until everybody has gone to sleep
    before, start = processes.cpu_seconds(token), time.monotonic()
    time.sleep(IDLE_SECONDS)
    used = processes.cpu_seconds(token) - before
    seconds = time.monotonic() - start
    return {"value": used / seconds * 1e3, "unit": "ms/s",
            "processes": len(processes.marked(token))}


def last_figure(lines, token):
    """What a contestant says; one that says it is ready is measured while it waits."""
    figure = None
    for line in lines:
        said = parse(line)
        if said and said.get("ready"):
            figure = measure_idle(token)
        elif said:
            figure = said
    return figure


def reason(process, errors, root):
    """Why a program printed no figure: its last words on standard error."""
    lines = [line.strip() for line in errors.splitlines() if line.strip(" -\n")]
    ended = f"signal {-process.returncode}" if process.returncode < 0 else \
        f"exit {process.returncode}"
    last = lines[-1] if lines else "no output"
    return f"{ended}: {last}".replace(str(root), ".")[:300]


def run(words, root, build, timeout):
    """The figure, a dict with "value" and "unit" or with "failed"."""
    token = uuid.uuid4().hex
    scratch = Path(tempfile.mkdtemp(prefix="run-", dir=build))
    late = threading.Event()

    def stop():
        late.set()
        processes.kill_marked(token)

    timer = threading.Timer(timeout, stop)
    try:
        with open(scratch / "errors", "w+", encoding="utf-8", errors="replace") as errors:
            with subprocess.Popen(
                    words, cwd=scratch, env=environment(build, scratch, token), text=True,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                    start_new_session=True) as process:
                timer.start()
                figure = last_figure(process.stdout, token)
            timer.cancel()
            errors.seek(0)
            if late.is_set() and figure is None:
                figure = {"failed": f"no figure after {timeout:.0f} s"}
            elif late.is_set():
                figure["hung_at_end"] = 1
            elif figure is None or (process.returncode != 0 and "failed" not in figure):
                figure = {"failed": reason(process, errors.read(), root)}
        left = processes.sweep(token)
        if left:
            figure["left_behind"] = left
        return figure
    except OSError as error:
        return {"failed": f"cannot start {Path(words[0]).name}: {error.strerror}"}
    finally:
        timer.cancel()
        shutil.rmtree(scratch, ignore_errors=True)
