# SPDX-License-Identifier: MIT
"""Who takes part and how they are started. A contestant is a program that does one work and prints
its figure as a line of JSON; works.py lists them."""

from dataclasses import dataclass, field

PYTHON = "/usr/bin/python3"  # Debian's, which sees Debian's packages
MPIRUN = ["mpirun", "--oversubscribe", "-n", "3"]  # a master and two workers


@dataclass
class Contestant:
    label: str
    kind: str  # "ours", "peer" or "limit"
    command: list
    quick: list = field(default_factory=list)  # arguments added for --quick; the last of a key wins
    slow: bool = False  # takes many seconds: measured once, whatever --repeat says
    aside: str = ""  # why it is shown but not compared
    limit: str = ""  # ours only: the limit to compare with; empty: the best
    timeout: float = 120

    def words(self, programs, peers, quick, starts):
        """The command line; `starts` > 0: under the program that times whole starts."""
        words = [word.format(bin=programs, peers=peers) for word in self.command]
        if quick:
            words += self.quick
        if starts:
            words = [f"{programs}/starts", f"n={starts}", "--"] + words
        return words


def _contestant(kind, prefix):
    def make(label, arguments, quick="", **more):
        return Contestant(label, kind, prefix + arguments.split(), quick.split(), **more)

    return make


ours = _contestant("ours", ["{bin}/ours"])
ours_cold = _contestant("ours", ["{bin}/ours_cold"])
limit = _contestant("limit", ["{bin}/limits"])
nothing = _contestant("limit", ["{bin}/nothing"])
mp = _contestant("peer", [PYTHON, "{peers}/mp_peer.py"])
futures = _contestant("peer", [PYTHON, "{peers}/futures_peer.py"])
joblib = _contestant("peer", [PYTHON, "{peers}/joblib_peer.py"])
dask = _contestant("peer", [PYTHON, "{peers}/dask_peer.py"])
shell = _contestant("peer", [PYTHON, "{peers}/shell_peer.py"])
mpi4py = _contestant("peer", MPIRUN + [PYTHON, "-m", "mpi4py.futures", "{peers}/mpi4py_peer.py"])
mpi_farm = _contestant("peer", MPIRUN + ["{bin}/mpi_farm"])
spawn_farm = _contestant("peer", ["{bin}/spawn_farm"])
command = _contestant("peer", [])
