# SPDX-License-Identifier: MIT
"""What a user of multiprocessing writes by hand to avoid pickling arrays: blocks of shared memory
that are passed by name."""

from multiprocessing import shared_memory

import items
import numpy


def new_block(doubles):
    block = shared_memory.SharedMemory(create=True, size=8 * doubles)
    return block, numpy.ndarray(doubles, buffer=block.buf)


def open_block(name):
    block = shared_memory.SharedMemory(name)
    return block, numpy.ndarray(block.size // 8, buffer=block.buf)


def copy_named(name):
    argument_block, argument = open_block(name)
    result_block, result = new_block(len(argument))
    result[:] = argument
    result[0] += 1
    named = result_block.name
    del argument, result
    argument_block.close()
    result_block.close()
    return named


def touch_named(name):
    block, array = open_block(name)
    total = items.touch(array)
    del array
    block.close()
    return total


class kept_array(numpy.ndarray):
    """An array that keeps its block."""


def share(array):
    block, inside = new_block(len(array))
    inside[:] = array
    return block


def copy_all(pool, arguments):
    """Arguments are copied into blocks; results are the blocks the workers made."""
    blocks = [share(argument) for argument in arguments]
    results = []
    for name in pool.map(copy_named, [block.name for block in blocks], chunksize=1):
        block, array = open_block(name)
        block.unlink()
        kept = array.view(kept_array)
        kept.block = block
        results.append(kept)
    for block in blocks:
        block.unlink()
    return results


def touch_all(pool, array, n):
    block = share(array)
    sums = pool.map(touch_named, [block.name] * n, chunksize=1)
    block.unlink()
    return sums
