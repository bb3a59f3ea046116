# SPDX-License-Identifier: MIT
"""multiprocessing.Pool: `chunk=` items a message (0: its default), `share=` 0: arguments pickled,
1: inherited by fork, 2: multiprocessing.shared_memory by hand."""

import multiprocessing
from multiprocessing import resource_tracker

import items
import works

inherited = None


def touch_inherited(_):
    return items.touch(inherited)


def inherit(array):
    global inherited
    inherited = array


def serve_inner(link):
    """An outer worker with a pool of its own; Pool's workers may not have children."""
    with multiprocessing.Pool(4) as inner:
        while link.recv():
            link.send(sum(inner.map(items.rest, [0.05] * 4, chunksize=1)))


class Pool(works.Pool):
    def __init__(self, chunk=0, share=0, **_):
        self.chunk = chunk or None
        self.share = share
        self.outer = []

    def __enter__(self):
        resource_tracker.ensure_running()  # one for all workers
        self.pool = multiprocessing.Pool(2)
        return self

    def __exit__(self, *_):
        for link in self.outer:
            link.send(False)
        self.pool.terminate()

    def map(self, function, arguments):
        return self.pool.map(function, arguments, chunksize=self.chunk)

    def call(self, function, item):
        return self.pool.apply(function, (item,))

    def payload(self, function, arguments):
        if self.share == 2:
            import shared_arrays

            return shared_arrays.copy_all(self.pool, arguments)
        return self.pool.map(function, arguments, chunksize=1)

    def broadcast(self, function, array, n):
        if self.share == 0:
            return self.pool.map(function, [array] * n, chunksize=1)
        if self.share == 2:
            import shared_arrays

            return shared_arrays.touch_all(self.pool, array, n)
        with multiprocessing.Pool(2, inherit, (array,)) as pool:
            return pool.map(touch_inherited, range(n), chunksize=1)

    def nested(self):
        while len(self.outer) < 2:
            ours, theirs = multiprocessing.Pipe()
            multiprocessing.Process(target=serve_inner, args=(theirs,)).start()
            self.outer.append(ours)
        for link in self.outer:
            link.send(True)
        return sum(link.recv() for link in self.outer)

    def lazy(self, function, items_to_come):
        return sum(self.pool.imap(function, items_to_come, chunksize=self.chunk or 1000))

    def crash(self, function, deadly, patience):
        return self.pool.map_async(function, deadly).get(timeout=patience)


if __name__ == "__main__":
    works.run(Pool)
