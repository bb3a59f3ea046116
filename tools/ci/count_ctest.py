# SPDX-License-Identifier: MIT
"""Reads a report of `ctest --output-junit`: tells which tests were skipped and why, which could not
be run, and, in the last line, how many passed, failed and were skipped."""

import sys
import xml.etree.ElementTree as xml


def main(path):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in xml.parse(path).getroot().iter("testcase"):
        name, status, skipped = case.get("name"), case.get("status"), case.find("skipped")
        if status == "run":
            counts["passed"] += 1
        elif status == "notrun" and skipped is not None and skipped.get("message", "").startswith(
                "SKIP_"):
            counts["skipped"] += 1
            said = (case.findtext("system-out") or "").strip().splitlines()
            print(f"skipped: {name}: {said[-1] if said else 'it did not say why'}")
        elif status == "disabled":
            counts["skipped"] += 1
            print(f"skipped: {name}: disabled in CMake")
        else:
            counts["failed"] += 1
            if status == "notrun":
                print(f"FAILED: {name}: {skipped.get('message') if skipped is not None else status}")
    print(*counts.values())


main(sys.argv[1])
