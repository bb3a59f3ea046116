# SPDX-License-Identifier: MIT
"""GNU parallel and xargs -P: a process for each item, `echo ITEM`, results are its output.
shell_peer.py WORK tool=0 (xargs) or 1 (parallel) …"""

import statistics
import subprocess
import sys

from works import check, clock, report

TWO_AT_A_TIME = ["xargs -n1 -P2", "parallel --will-cite -j2"]
NESTED = [
    "seq 2 | xargs -n1 -P2 sh -c 'seq 4 | xargs -I{} -n1 -P4 sh -c \"sleep 0.05; echo 1\"'",
    "seq 2 | parallel --will-cite -j2 -n1 "
    "'seq 4 | parallel --will-cite -j4 \"sleep 0.05; echo 1 #\"; true'",
]


def lines(command):
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.split()


def timed(command):
    start = clock()
    printed = lines(command)
    return clock() - start, printed


def main():
    work = sys.argv[1]
    options = {key: int(value) for key, value in (word.split("=") for word in sys.argv[2:])}
    n, tool = options.get("n", 100), options["tool"]
    each = TWO_AT_A_TIME[tool] + " echo"
    if work == "noop":
        seconds, printed = timed("seq %d | %s" % (n, each))
        check(sorted(map(int, printed)) == list(range(1, n + 1)), "noop")
        report(seconds / n * 1e6, "us/item", n=n)
    elif work == "latency":
        trips = sorted(timed("echo 1 | " + each)[0] for _ in range(n))
        report(statistics.median(trips) * 1e6, "us", p99=trips[int(0.99 * (n - 1))] * 1e6, n=n)
    elif work == "nested":
        seconds, printed = timed(NESTED[tool])
        check(printed == ["1"] * 8, "nested")
        report(seconds * 1e3, "ms")


if __name__ == "__main__":
    main()
