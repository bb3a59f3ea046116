# SPDX-License-Identifier: MIT
"""The works of the benchmark, written once over the few calls that every Python pool has, so that
all peers do the same. A peer passes a class: a context manager with two workers and the methods
`map(function, items)` -> list in input order and `call(function, item)` -> value; it may replace
`payload`, `broadcast`, `nested`, `lazy` and `crash` where the library has a better way than map.

usage: X_peer.py WORK key=value…; prints each figure as one line of JSON."""

import json
import statistics
import sys
import time

import items

MIB = 1 << 20
clock = time.perf_counter


def report(value, unit, **more):
    print(json.dumps({"value": value, "unit": unit, **more}), flush=True)


def give_up(why):
    print(json.dumps({"failed": why}), flush=True)
    sys.exit(1)


def check(held, what):
    if not held:
        give_up("wrong result: " + what)


def warm(pool):
    pool.map(items.same, range(4))


def noop(pool, n, **_):
    warm(pool)
    start = clock()
    values = pool.map(items.same, range(n))
    seconds = clock() - start
    check(values == list(range(n)), "noop")
    report(seconds / n * 1e6, "us/item", n=n)


def latency(pool, n, **_):
    warm(pool)
    trips = []
    for item in range(n):
        start = clock()
        value = pool.call(items.same, item)
        trips.append(clock() - start)
        check(value == item, "latency")
    trips.sort()
    report(statistics.median(trips) * 1e6, "us", p99=trips[int(0.99 * (n - 1))] * 1e6, n=n)


def payload(pool, n, mib=8, as_bytes=0, rounds=2, **_):
    """Distinct arguments, all results kept, each result read once by the client."""
    import numpy

    doubles = mib * MIB // 8
    arguments = [numpy.full(doubles, 1.0) for _ in range(n)]
    if as_bytes:
        arguments = [argument.tobytes() for argument in arguments]
    warm(pool)
    rates = []
    for _ in range(rounds):
        start = clock()
        results = pool.payload(items.copy_bytes if as_bytes else items.copy, arguments)
        seen = [numpy.frombuffer(result) if as_bytes else result for result in results]
        total = sum(items.touch(result) for result in seen)
        rates.append(2 * n * mib * MIB / (clock() - start) / 1e9)
        if not as_bytes:
            check(total == n * (doubles // items.PAGE_DOUBLES + 1), "payload")
        check(len(seen) == n and all(len(result) == doubles for result in seen), "payload size")
        del results, seen
    report(statistics.median(rates[1:] or rates), "GB/s", n=n, first_round=rates[0])


def broadcast(pool, n, mib=256, rounds=3, **_):
    import numpy

    doubles = mib * MIB // 8
    warm(pool)
    taken = []
    for number in range(rounds):
        array = numpy.full(doubles, float(number))
        start = clock()
        sums = pool.broadcast(items.touch, array, n)
        taken.append((clock() - start) * 1e3)
        check(sums == [number * (doubles // items.PAGE_DOUBLES)] * n, "broadcast")
    report(statistics.median(taken[1:] or taken), "ms", first_round=taken[0])


def nested(pool, **_):
    """Two outer items, each a map over four inner items of 50 ms, everything started before."""
    for _ in range(3):  # until every outer worker has its inner pool
        pool.nested()
    start = clock()
    total = pool.nested()
    milliseconds = (clock() - start) * 1e3
    check(total == 8, "nested")
    report(milliseconds, "ms")


def lazy(pool, n, **_):
    warm(pool)
    start = clock()
    total = pool.lazy(items.same, (item for item in range(n)))
    seconds = clock() - start
    check(total == n * (n - 1) // 2, "lazy")
    with open("/proc/self/status", encoding="ascii") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    report(seconds / n * 1e6, "us/item", n=n, peak_rss_mib=peak / 1024)


def crash(pool, n, **_):
    """A map in which one item dies, against the same map without."""
    warm(pool)
    start = clock()
    pool.map(items.rest_or_crash, range(n))
    clean = clock() - start
    deadly = [-1 if item == n // 2 else item for item in range(n)]
    patience = max(20, 10 * clean)
    start = clock()
    try:
        values = pool.crash(items.rest_or_crash, deadly, patience)
    except Exception as error:
        words = str(error).split(".")[0] or "no value after %.0f s" % patience
        give_up("the whole map is lost: %s: %s" % (type(error).__name__, words))
    seconds = clock() - start
    check(len(values) == n - 1, "crash: %d values left of %d" % (len(values), n - 1))
    report(seconds / clean, "x clean", n=n, clean_ms=clean * 1e3)


def idle(pool, **_):
    warm(pool)
    print(json.dumps({"ready": True}), flush=True)
    pool.call(items.rest, 3)


def cold(pool, **_):
    print(pool.call(items.same, 1), flush=True)


class Pool:
    """What a peer inherits: each work in terms of map and call."""

    def payload(self, function, arguments):
        return self.map(function, arguments)

    def broadcast(self, function, array, n):
        return self.map(function, [array] * n)

    def crash(self, function, deadly, patience):
        return self.map(function, deadly)


def run(make_pool):
    work = sys.argv[1]
    options = {key: int(value) for key, value in (word.split("=") for word in sys.argv[2:])}
    with make_pool(**options) as pool:
        globals()[work](pool, **options)
