# SPDX-License-Identifier: MIT
"""mpi4py.futures, `chunk=` items a message.
usage: mpirun -n 3 python3 -m mpi4py.futures mpi4py_peer.py WORK key=value…"""

import works
from mpi4py.futures import MPIPoolExecutor


class Pool(works.Pool):
    def __init__(self, chunk=1, **_):
        self.chunk = chunk

    def __enter__(self):
        self.executor = MPIPoolExecutor()
        return self

    def __exit__(self, *_):
        self.executor.shutdown()

    def map(self, function, arguments):
        return list(self.executor.map(function, arguments, chunksize=self.chunk))

    def call(self, function, item):
        return self.executor.submit(function, item).result()


if __name__ == "__main__":
    works.run(Pool)
