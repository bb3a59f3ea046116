# SPDX-License-Identifier: MIT
"""From figures to verdicts: medians and spreads of each contestant, ratios to the best peer and to
the limit, and whether a target is met. Pure: figures in, lines out."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Line:
    """One contestant of one work, over its repetitions."""

    label: str
    kind: str
    aside: str = ""
    values: list = field(default_factory=list)
    extras: dict = field(default_factory=dict)  # medians of the other figures
    failed: str = ""

    @property
    def median(self):
        return statistics.median(self.values) if self.values else None


@dataclass
class Verdict:
    """One of our variants against the others; None where there is nothing to compare with."""

    work: object
    ours: Line
    peer: Line = None
    ahead: float = None  # how many times better than the best peer, > 1: ahead
    limit: Line = None
    of_limit: float = None  # how many times what the limit takes, 1: at the limit
    shortfalls: list = field(default_factory=list)

    @property
    def met(self):
        return not self.shortfalls


def line(contestant, figures):
    good = [figure for figure in figures if "value" in figure]
    bad = [figure["failed"] for figure in figures if "failed" in figure]
    keys = {key for figure in good for key, value in figure.items()
            if key != "value" and isinstance(value, (int, float))}
    extras = {key: statistics.median(figure[key] for figure in good if key in figure)
              for key in sorted(keys)}
    if good and bad:
        extras["failed_runs"] = len(bad)
    return Line(contestant.label, contestant.kind, contestant.aside,
                [figure["value"] for figure in good], extras, bad[0] if bad and not good else "")


def times_better(work, ours, other):
    """> 1 when `ours` is better than `other`."""
    better, worse = (ours, other) if work.more_is_better else (other, ours)
    if better == worse:
        return 1.0
    return better / worse if worse else float("inf")


def best(work, lines):
    measured = [one for one in lines if one.values and not one.aside]
    pick = max if work.more_is_better else min
    return pick(measured, key=lambda one: one.median, default=None)


def shortfalls(work, verdict):
    """What keeps the target from being met, in words."""
    ours = verdict.ours
    if ours.failed:
        return [ours.failed]
    if not ours.values:
        return ["not measured"]
    short = []
    if work.ahead and verdict.peer and verdict.ahead <= 1:
        short.append(f"behind {verdict.peer.label} ({verdict.ahead:.2f}x)")
    missed = ours.median < work.aim if work.more_is_better else ours.median > work.aim
    if missed:
        short.append(f"{number(ours.median)} {work.unit}, aim {number(work.aim)}")
    for key, bound in work.bounds.items():
        if ours.extras.get(key, 0) > bound:
            short.append(f"{key} {number(ours.extras[key])}, at most {number(bound)}")
    if "failed_runs" in ours.extras:
        short.append(f"{ours.extras['failed_runs']} runs failed")
    ends = {"left_behind": "left processes behind", "hung_at_end": "hung at its end"}
    for key, words in ends.items():
        if key in ours.extras:
            short.append(words)
    return short


def verdicts(work, lines):
    peer = best(work, [one for one in lines if one.kind == "peer"])
    limits = [one for one in lines if one.kind == "limit"]
    wanted = {one.label: one.limit for one in work.contestants if one.kind == "ours"}
    made = []
    for ours in lines:
        if ours.kind != "ours":
            continue
        limit = best(work, [one for one in limits if wanted[ours.label] in ("", one.label)])
        verdict = Verdict(work, ours, peer, limit=limit)
        if ours.values and peer:
            verdict.ahead = times_better(work, ours.median, peer.median)
        if ours.values and limit:
            verdict.of_limit = times_better(work, limit.median, ours.median)
        verdict.shortfalls = shortfalls(work, verdict)
        made.append(verdict)
    return made


def number(value):
    """Three significant digits, thousands told apart."""
    if value is None:
        return "–"
    if value == float("inf"):
        return "∞"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def target(work):
    sign = "≥" if work.more_is_better else "≤"
    ahead = "ahead of every peer, " if work.ahead else ""
    return f"{ahead}{sign} {number(work.aim)} {work.unit}"
