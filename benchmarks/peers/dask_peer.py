# SPDX-License-Identifier: MIT
"""Dask with a LocalCluster of two processes, no dashboard; arrays are scattered first."""

import logging

import dask
import items
import works
from dask.distributed import Client, LocalCluster, wait, worker_client


def outer(number):
    with worker_client() as client:
        fours = range(4 * number, 4 * number + 4)
        return sum(client.gather(client.map(inner, fours, pure=False)))


def inner(_):
    return items.rest(0.05)


class Pool(works.Pool):
    def __init__(self, threads=1, **_):
        """`threads` of each worker: for nested maps five, so that all eight inner items can run."""
        self.threads = threads

    def __enter__(self):
        logging.disable(logging.ERROR)
        keep = {"distributed.worker.memory." + limit: False for limit in ("pause", "terminate")}
        dask.config.set(keep)
        self.cluster = LocalCluster(
            n_workers=2, threads_per_worker=self.threads, dashboard_address=None, memory_limit=0
        )
        self.client = Client(self.cluster)
        return self

    def __exit__(self, *_):
        self.client.close()
        self.cluster.close()

    def map(self, function, arguments):
        return self.client.gather(self.client.map(function, arguments, pure=False))

    def call(self, function, item):
        return self.client.submit(function, item, pure=False).result()

    def payload(self, function, arguments):
        return self.map(function, self.client.scatter(arguments, hash=False))

    def broadcast(self, function, array, n):
        shared = self.client.scatter(array, broadcast=True, hash=False)
        return self.client.gather(
            [self.client.submit(function, shared, pure=False) for _ in range(n)]
        )

    def nested(self):
        return sum(self.map(outer, range(2)))

    def crash(self, function, deadly, patience):
        futures = self.client.map(function, deadly, pure=False)
        wait(futures, timeout=patience)
        return self.client.gather(futures, errors="skip")


if __name__ == "__main__":
    works.run(Pool)
