# SPDX-License-Identifier: MIT
"""joblib with its default backend (loky); batches are sized by joblib, arrays are memory-mapped."""

import items
import works
from joblib import Parallel, delayed


def outer(_):
    return sum(Parallel(4, backend="loky")(delayed(items.rest)(0.05) for _ in range(4)))


class Pool(works.Pool):
    def __init__(self, **_):
        self.parallel = Parallel(2, backend="loky")

    def __enter__(self):
        self.parallel.__enter__()
        return self

    def __exit__(self, *error):
        self.parallel.__exit__(*error)

    def map(self, function, arguments):
        return self.parallel(delayed(function)(item) for item in arguments)

    def call(self, function, item):
        return self.parallel([delayed(function)(item)])[0]

    def nested(self):
        return sum(self.map(outer, range(2)))


if __name__ == "__main__":
    works.run(Pool)
