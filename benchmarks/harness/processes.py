# SPDX-License-Identifier: MIT
"""The processes of one run, found by a mark in their environment, which children inherit whoever
their parent becomes: what they are, what CPU time they used, and their end."""

import os
import signal
import time
from pathlib import Path

MARK = "BENCH_RUN"


def marked(token):
    """Ids of all living processes with the mark."""
    wanted = f"{MARK}={token}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue  # ended meanwhile, or another user's
    return found


def cpu_seconds(token):
    """CPU time used so far by all threads of the marked processes, by the scheduler's clock."""
    nanoseconds = 0
    for process in marked(token):
        for thread in Path(f"/proc/{process}/task").glob("*/schedstat"):
            try:
                nanoseconds += int(thread.read_text(encoding="ascii").split()[0])
            except OSError:
                continue
    return nanoseconds / 1e9


def kill_marked(token):
    for process in marked(token):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


def sweep(token, patience=2.0):
    """Waits for what is left of a run, ends the rest, and says how many those were."""
    end = time.monotonic() + patience
    while marked(token) and time.monotonic() < end:
        time.sleep(0.02)
    left = len(marked(token))
    kill_marked(token)
    return left
