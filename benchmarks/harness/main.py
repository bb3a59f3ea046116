# SPDX-License-Identifier: MIT
"""The command ./bench: sets up, lets all contestants take turns, and reports."""

import argparse
import json
import sys
from pathlib import Path

from . import document, machine, running, setup, summary, tables
from .works import WORKS

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build-bench"


def options(words):
    keys = [work.key for work in WORKS]
    parser = argparse.ArgumentParser(
        prog="./bench",
        description="Measures Clusterless, its peers and the limits of this machine side by side "
        "in one run, two workers each, and prints medians, ratios and a table. Installs missing "
        "Debian packages (" + " ".join(setup.PEERS) + ") and builds its programs first. It never "
        "fails because of a time: what is behind is said.",
        epilog="Works: " + "; ".join(f"{work.key}: {work.title}" for work in WORKS) + ".")
    parser.add_argument("--quick", action="store_true",
                        help="few items, one repetition: does everything run?")
    parser.add_argument("--only", action="append", choices=keys, metavar="WORK",
                        help="only this work (may be given again)")
    parser.add_argument("--repeat", type=int, metavar="N", help="repetitions (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", nargs="?",
                        const=ROOT / "docs" / "performance.md",
                        help="put the report into FILE (default docs/performance.md)")
    parser.add_argument("--installed", action="store_true",
                        help="measure the installed package instead of this tree")
    parser.add_argument("--without-ours", action="store_true", help="only peers and limits")
    given = parser.parse_args(words)
    if given.repeat is not None and given.repeat < 1:
        parser.error("--repeat must be at least 1")
    return given


def say(words):
    print(words, file=sys.stderr, flush=True)


def told(figure, work):
    if "failed" in figure:
        return "no figure: " + figure["failed"]
    return f"{summary.number(figure['value'])} {work.unit}"


def measure(work, repeats, quick, with_ours):
    """All figures of a work: (contestant, [figure…]) each. The contestants take turns, so that what
    disturbs the machine disturbs all alike."""
    taking_part = [one for one in work.contestants if with_ours or one.kind != "ours"]
    figures = [[] for _ in taking_part]
    starts = (3 if quick else 10) if work.key == "cold" else 0
    for turn in range(repeats):
        for contestant, taken in zip(taking_part, figures):
            if turn > 0 and (contestant.slow or "failed" in taken[0]):
                continue
            words = contestant.words(BUILD / "bin", BUILD / "peers", quick, starts)
            timeout = 40 if quick else contestant.timeout
            taken.append(running.run(words, ROOT, BUILD, timeout))
            say(f"{work.key} {turn + 1}/{repeats}  {contestant.label}: {told(taken[-1], work)}")
    return list(zip(taking_part, figures))


def main(words):
    given = options(words)
    setup.install(say)
    library = "none" if given.without_ours else "installed" if given.installed else "tree"
    setup.build(ROOT, BUILD, library, say)
    repeats = given.repeat or (1 if given.quick else 5)
    before = machine.load()
    if before > 0.5:
        say(f"The load average is {before}: other work disturbs the figures. Trust ratios only.")
    works = [work for work in WORKS if not given.only or work.key in given.only]
    measured = [(work, measure(work, repeats, given.quick, not given.without_ours))
                for work in works]
    loads = (before, machine.load())
    facts = machine.facts(ROOT) | {"run": "quick" if given.quick else "full", "repeats": repeats}
    results = [(work, [summary.line(*one) for one in taken]) for work, taken in measured]
    print(tables.text(results, facts, loads))
    if given.markdown:
        document.write(given.markdown, tables.markdown(results, facts, loads))
    if given.json:
        figures = [{"work": work.key, "contestant": contestant.label, "kind": contestant.kind,
                    **figure} for work, taken in measured for contestant, all_of_it in taken
                   for figure in all_of_it]
        given.json.write_text(json.dumps({"machine": facts, "load": loads,
                                          "figures": figures}, indent=1) + "\n", encoding="utf-8")
    return 0
