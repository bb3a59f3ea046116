# SPDX-License-Identifier: MIT
"""Facts about the machine that a figure means nothing without."""

import os
import platform
import re
import subprocess
from datetime import date
from importlib import metadata
from pathlib import Path


def _read(path, otherwise=""):
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return otherwise


def _first_line(*words):
    try:
        return subprocess.run(words, text=True, capture_output=True, check=False).stdout.split(
            "\n")[0].strip()
    except OSError:
        return "missing"


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def load():
    return round(os.getloadavg()[0], 2)


def facts(root):
    processors = _read("/proc/cpuinfo")
    name = re.search(r"model name\s*: (.*)", processors)
    release = re.search(r'PRETTY_NAME="(.*)"', _read("/etc/os-release"))
    memory = re.search(r"MemTotal:\s*(\d+)", _read("/proc/meminfo"))
    return {
        "date": date.today().isoformat(),
        "commit": _first_line("git", "-C", str(root), "describe", "--always", "--dirty"),
        "processor": name.group(1) if name else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory.group(1)) / 2**20) if memory else 0,
        "virtual": " hypervisor" in processors,
        "system": release.group(1) if release else platform.system(),
        "kernel": platform.release(),
        "compiler": _first_line("c++", "--version"),
        "huge_pages_of_shared_memory": re.sub(
            r".*\[(.*)\].*", r"\1",
            _read("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "[unknown]")),
        "peers": {
            "Python": platform.python_version(),
            "joblib": _version("joblib"),
            "Dask": _version("distributed"),
            "mpi4py": _version("mpi4py"),
            "MPI": _first_line("mpirun", "--version"),
            "GNU parallel": _first_line("parallel", "--version").removeprefix("GNU parallel "),
        },
    }
