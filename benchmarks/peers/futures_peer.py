# SPDX-License-Identifier: MIT
"""concurrent.futures.ProcessPoolExecutor, `chunk=` items a message."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import util

import items
import works

inner = None


def outer(_):
    global inner
    if inner is None:
        inner = ProcessPoolExecutor(4)
        # Before multiprocessing joins the workers of `inner`, which otherwise never end.
        util.Finalize(None, inner.shutdown, exitpriority=100)
    return sum(inner.map(items.rest, [0.05] * 4))


class Pool(works.Pool):
    def __init__(self, chunk=1, **_):
        self.chunk = chunk

    def __enter__(self):
        self.executor = ProcessPoolExecutor(2)
        return self

    def __exit__(self, *_):
        self.executor.shutdown()

    def map(self, function, arguments):
        return list(self.executor.map(function, arguments, chunksize=self.chunk))

    def call(self, function, item):
        return self.executor.submit(function, item).result()

    def nested(self):
        return sum(self.executor.map(outer, range(2)))


if __name__ == "__main__":
    works.run(Pool)
