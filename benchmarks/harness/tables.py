# SPDX-License-Identifier: MIT
"""The report as text for a terminal and as Markdown for docs/performance.md, both from the same
rows."""

from .summary import number, target, verdicts

HEAD = ["work", "ours", "best peer", "ratio", "limit", "of limit", "target", "met?"]
DETAIL = ["contestant", "median", "spread", "runs", "beside it"]


def with_unit(line, work):
    return f"{number(line.median)} {work.unit}" if line and line.values else "–"


def named(line, work):
    return f"{with_unit(line, work)} ({line.label})" if line else "–"


def times(value):
    return "–" if value is None else f"{number(value)}×"


def variant(label):
    return label.removeprefix("Clusterless").removeprefix(", ")


def summary_rows(results):
    rows = []
    for work, lines in results:
        for verdict in verdicts(work, lines):
            kind = variant(verdict.ours.label)
            rows.append([work.key + (f" ({kind})" if kind else ""),
                         with_unit(verdict.ours, work), named(verdict.peer, work),
                         times(verdict.ahead), named(verdict.limit, work),
                         times(verdict.of_limit), target(work),
                         "yes" if verdict.met else "no"])
    return rows


def beside(line):
    """Everything else there is to say about a contestant."""
    told = [line.failed] if line.failed else []
    told += [f"{key} {number(value)}" for key, value in line.extras.items()]
    return "; ".join(told + ([f"not compared: {line.aside}"] if line.aside else []))


def detail_rows(lines):
    return [[line.label, number(line.median),
             f"{number(min(line.values))}…{number(max(line.values))}" if line.values else "–",
             str(len(line.values)), beside(line)] for line in lines]


def behind(results):
    """One sentence for each target that is not met."""
    return [f"{work.key}, {verdict.ours.label}: " + "; ".join(verdict.shortfalls)
            for work, lines in results for verdict in verdicts(work, lines) if not verdict.met]


def machine_sentence(facts, loads):
    virtual = ", virtual" if facts["virtual"] else ""
    peers = ", ".join(f"{name} {version}" for name, version in facts["peers"].items())
    plural = "s" if facts["repeats"] > 1 else ""
    return (f"A {facts['run']} run of {facts['repeats']} repetition{plural}, {facts['date']}, commit "
            f"{facts['commit']}: {facts['cores']} cores of "
            f"{facts['processor']}{virtual}, {facts['memory_gib']} GiB, {facts['system']}, Linux "
            f"{facts['kernel']}, {facts['compiler']}. Huge pages of shared memory: "
            f"{facts['huge_pages_of_shared_memory']}. Peers: {peers}. Load average "
            f"{loads[0]} before, {loads[1]} after.")


def plain(rows):
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def markdown_table(rows):
    def joined(row):
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"

    return "\n".join([joined(rows[0]), "|" + " --- |" * len(rows[0])] + list(map(joined, rows[1:])))


def report(results, facts, loads, table, title, item):
    """`table`, `title` and `item` make the three kinds of paragraph there are."""
    parts = [machine_sentence(facts, loads)]
    ours = summary_rows(results)
    if ours:
        parts.append(table([HEAD] + ours))
        short = behind(results)
        parts.append("Not met:\n" + "\n".join(map(item, short)) if short else "All targets met.")
    for work, lines in results:
        parts.append(title(f"{work.key}: {work.title} ({work.unit})"))
        parts.append(table([DETAIL] + detail_rows(lines)))
        if work.note:
            parts.append(work.note)
    return "\n\n".join(parts) + "\n"


def text(results, facts, loads):
    return report(results, facts, loads, plain, lambda words: words, lambda words: "  " + words)


def markdown(results, facts, loads):
    made = report(results, facts, loads, markdown_table, lambda words: "### " + words,
                  lambda words: "- " + words)
    return made.replace("Not met:\n", "Not met:\n\n")
