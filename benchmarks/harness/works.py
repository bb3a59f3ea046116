# SPDX-License-Identifier: MIT
"""The works, each with its targets and the contestants that do it. Two workers each, warm unless
the work is the start itself, and every contestant checks its results."""

from dataclasses import dataclass, field

from .contestants import (command, dask, futures, joblib, limit, mp, mpi4py, mpi_farm, nothing,
                          ours, ours_cold, shell, spawn_farm)


@dataclass
class Work:
    key: str
    title: str
    unit: str
    aim: float  # in `unit`
    contestants: list
    more_is_better: bool = False
    ahead: bool = False  # the target includes: ahead of every peer
    bounds: dict = field(default_factory=dict)  # highest value of other figures of ours
    note: str = ""


NOOP = Work(
    "noop", "100,000 no-op items, map and collect", "us/item", 0.1, ahead=True,
    contestants=[
        ours("Clusterless", "noop n=100000", "n=20000"),
        mp("multiprocessing, default chunks", "noop n=100000", "n=20000"),
        mp("multiprocessing, chunks of 1", "noop n=10000 chunk=1", "n=2000"),
        futures("concurrent.futures, chunks of 1000", "noop n=100000 chunk=1000", "n=20000"),
        joblib("joblib", "noop n=100000", "n=10000"),
        dask("Dask", "noop n=2000", "n=200"),
        mpi4py("mpi4py.futures, chunks of 1000", "noop n=100000 chunk=1000", "n=20000"),
        mpi_farm("MPI farm, 1 in flight", "noop n=100000 depth=1", "n=20000"),
        mpi_farm("MPI farm, 32 in flight", "noop n=100000 depth=32", "n=20000"),
        spawn_farm("posix_spawn an item", "noop n=1000", "n=100"),
        shell("xargs -P", "noop n=1000 tool=0", "n=50"),
        shell("GNU parallel", "noop n=200 tool=1", "n=20"),
        limit("task table in shared memory", "task_table n=100000 chunk=256"),
        limit("the same, one claim an item", "task_table n=100000 chunk=1"),
    ])

LATENCY = Work(
    "latency", "one item at a time, submit to value (median)", "us", 3, ahead=True,
    contestants=[
        ours("Clusterless", "latency n=10000", "n=2000"),
        mp("multiprocessing", "latency n=10000", "n=200"),
        futures("concurrent.futures", "latency n=1000", "n=100"),
        joblib("joblib", "latency n=1000", "n=100"),
        dask("Dask", "latency n=100", "n=20"),
        mpi4py("mpi4py.futures", "latency n=1000", "n=100"),
        mpi_farm("MPI farm", "latency n=10000", "n=2000"),
        spawn_farm("posix_spawn an item", "latency n=500", "n=50"),
        shell("xargs -P", "latency n=50 tool=0", "n=5"),
        shell("GNU parallel", "latency n=10 tool=1", "n=2"),
        limit("spinning on shared memory", "spin_round_trip n=10000"),
        limit("futex", "futex_round_trip n=10000"),
    ])

PAYLOAD = Work(
    "payload", "64 arguments and 64 new results of 8 MiB, in + out", "GB/s", 10, ahead=True,
    more_is_better=True,
    note="Every function makes a new array, every result is kept and read once by the client. The "
         "median of the rounds after the first; the first is told beside it.",
    contestants=[
        ours("Clusterless, std::vector", "payload n=64", "n=16"),
        ours("Clusterless, cl::array", "payload_array n=64", "n=16"),
        mp("multiprocessing, numpy", "payload n=64", "n=8"),
        mp("multiprocessing, bytes", "payload n=64 as_bytes=1", "n=8"),
        mp("multiprocessing, shared_memory", "payload n=64 share=2", "n=8"),
        futures("concurrent.futures, numpy", "payload n=64", "n=8"),
        joblib("joblib, numpy", "payload n=64", "n=8"),
        dask("Dask, scattered numpy", "payload n=64", "n=8"),
        mpi4py("mpi4py.futures, numpy", "payload n=64", "n=8"),
        mpi4py("mpi4py.futures, bytes", "payload n=64 as_bytes=1", "n=8"),
        mpi_farm("MPI farm", "payload n=64 mib=8", "n=16"),
        mpi_farm("MPI farm, echo", "payload_echo n=64 mib=8", "n=16",
                 aside="sends one buffer back and forth: no new result, nothing kept or read"),
        limit("copy between mapped pages, 2 processes", "copy_in_place n=64 mib=8", "n=16"),
        limit("copy into used memfd, 1 process", "copy_to_memfd n=64 mib=8", "n=16"),
        limit("copy into new memfd, 1 process", "copy_to_memfd n=64 mib=8 fresh=1", "n=16"),
    ])

BROADCAST = Work(
    "broadcast", "256 MiB to 16 items that read every page", "ms", 86, ahead=True,
    note="The median of the rounds after the first; the first, which finds no page ready, is "
         "told beside it. The MPI farm's receive buffers are there before its first round.",
    bounds={"private_copies": 0.1},
    contestants=[
        ours("Clusterless, std::vector", "broadcast mib=256", "mib=32",
             limit="one copy into used pages, mapped by 2"),
        ours("Clusterless, cl::array", "broadcast_array mib=256", "mib=32",
             limit="mapped by 2, no copy"),
        mp("multiprocessing, inherited by fork", "broadcast n=16 mib=256 share=1", "mib=32"),
        mp("multiprocessing, shared_memory", "broadcast n=16 mib=256 share=2", "mib=32"),
        mp("multiprocessing, pickled", "broadcast n=16 mib=256 rounds=1", "mib=16", slow=True),
        futures("concurrent.futures, pickled", "broadcast n=16 mib=256 rounds=1", "mib=16",
                slow=True),
        joblib("joblib, memory-mapped", "broadcast n=16 mib=256", "mib=32"),
        dask("Dask, scattered", "broadcast n=16 mib=256", "mib=32"),
        mpi4py("mpi4py.futures, pickled", "broadcast n=16 mib=256 rounds=1", "mib=16", slow=True),
        mpi_farm("MPI farm, MPI_Bcast", "broadcast n=16 mib=256", "mib=32"),
        limit("one copy into used pages, mapped by 2", "share_by_copy mib=256", "mib=32"),
        limit("one copy into new pages, mapped by 2", "share_by_copy mib=256 fresh=1", "mib=32"),
        limit("mapped by 2, no copy", "share_by_mapping mib=256", "mib=32"),
    ])

COLD = Work(
    "cold", "program start to first result, to the end of the program", "ms", 10,
    note="The time to the first result alone is told beside it.",
    contestants=[
        ours_cold("Clusterless", ""),
        mp("multiprocessing", "cold"),
        futures("concurrent.futures", "cold"),
        joblib("joblib", "cold"),
        dask("Dask", "cold"),
        mpi4py("mpi4py.futures", "cold"),
        mpi_farm("MPI farm", "cold"),
        spawn_farm("posix_spawn an item", "cold"),
        command("xargs -P", "xargs -n1 -P2 -a {peers}/one_item echo"),
        command("GNU parallel", "parallel --will-cite -j2 echo ::: 1"),
        nothing("one empty C++ program", ""),
    ])

NESTED = Work(
    "nested", "2 x 4 items of 50 ms on 2 pools of 4 nodes, warm", "ms", 53,
    note="No contestant can be under 50 ms. xargs and parallel start everything anew.",
    contestants=[
        ours("Clusterless", "nested"),
        mp("multiprocessing, 2 processes with a Pool", "nested"),
        futures("concurrent.futures", "nested"),
        joblib("joblib", "nested"),
        dask("Dask", "nested threads=5"),
        shell("xargs -P", "nested tool=0"),
        shell("GNU parallel", "nested tool=1"),
    ])

LAZY = Work(
    "lazy", "1,000,000 lazy items, reduced", "us/item", 0.3, bounds={"peak_rss_mib": 100},
    contestants=[
        ours("Clusterless", "lazy n=1000000", "n=100000"),
        mp("multiprocessing, imap in chunks of 1000", "lazy n=1000000", "n=100000"),
        limit("task table in shared memory", "task_table n=1000000 chunk=256", "n=100000"),
    ])

DURABLE = Work(
    "durable", "100,000 tiny items of a named job", "us/item", 10, bounds={"files": 100},
    contestants=[
        ours("Clusterless", "durable n=100000", "n=10000"),
        ours("Clusterless, 10^6 items", "durable n=1000000", "n=20000"),
        limit("100,000 records of 32 bytes on disk", "append_records n=100000", "n=10000"),
    ])

CRASH = Work(
    "crash", "1,000 items of 1 ms, one of them a segfault, against a clean run", "x clean", 1.2,
    contestants=[
        ours("Clusterless", "crash n=1000", "n=200"),
        mp("multiprocessing", "crash n=1000", "n=200"),
        futures("concurrent.futures", "crash n=1000", "n=200"),
        joblib("joblib", "crash n=1000", "n=200"),
        dask("Dask", "crash n=1000", "n=200"),
    ])

IDLE = Work(
    "idle", "CPU time of a waiting client and idle workers", "ms/s", 1,
    note="All processes of the contestant, over two seconds in which one item sleeps.",
    contestants=[
        ours("Clusterless", "idle"),
        mp("multiprocessing", "idle"),
        futures("concurrent.futures", "idle"),
        joblib("joblib", "idle"),
        dask("Dask", "idle"),
        mpi4py("mpi4py.futures", "idle"),
        mpi_farm("MPI farm", "idle"),
    ])

GROWTH = Work(
    "growth", "no-op items of maps and pools that grow, results kept", "us/item", 1,
    note="The workers are processes, so all but two wait for a core. Beside it: milliseconds until "
         "every worker has run an item, the client's memory at its highest, and the memory that is "
         "a worker's own.",
    contestants=[
        ours("Clusterless, 10^4 items, 2 workers", "growth n=10000 workers=2", "n=1000"),
        ours("Clusterless, 10^5 items, 2 workers", "growth n=100000 workers=2", "n=2000"),
        ours("Clusterless, 10^6 items, 2 workers", "growth n=1000000 workers=2", "n=10000"),
        ours("Clusterless, 10^7 items, 2 workers", "growth n=10000000 workers=2", "n=20000"),
        ours("Clusterless, 10^6 items, 100 workers", "growth n=1000000 workers=100",
             "n=10000 workers=10"),
        ours("Clusterless, 10^6 items, 1,000 workers", "growth n=1000000 workers=1000",
             "n=10000 workers=20"),
    ])

WORKS = [NOOP, LATENCY, PAYLOAD, BROADCAST, COLD, NESTED, LAZY, DURABLE, CRASH, IDLE, GROWTH]
