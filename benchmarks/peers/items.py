# SPDX-License-Identifier: MIT
"""The functions that every Python peer maps. They live in a module of their own so that workers can
import them by name, and import nothing that a start-up would have to wait for."""

import os
import signal
import time

PAGE_DOUBLES = 512


def same(item):
    return item


def copy(argument):
    """A new array: the argument with its first number raised."""
    result = argument.copy()
    result[0] += 1
    return result


def copy_bytes(argument):
    result = bytearray(argument)
    result[0] += 1
    return result


def touch(array):
    """Reads a number of each page."""
    return float(array[::PAGE_DOUBLES].sum())


def rest(seconds):
    time.sleep(seconds)
    return 1


def rest_or_crash(item):
    """One millisecond; a negative item dies of a segmentation fault."""
    if item < 0:
        os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(0.001)
    return item
