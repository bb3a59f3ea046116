# SPDX-License-Identifier: MIT
"""Puts the report into a Markdown file between two marks, and leaves the rest of the file alone."""

BEGIN = "<!-- ./bench --markdown writes from here -->"
END = "<!-- to here -->"


def replaced(document, block, begin=BEGIN, end=END):
    """`document` with what is between the marks replaced; the marks are added where missing."""
    marked = f"{begin}\n\n{block.strip()}\n\n{end}"
    if begin not in document or end not in document:
        return (document.rstrip() + "\n\n" + marked + "\n").lstrip()
    before, rest = document.split(begin, 1)
    return before + marked + rest.split(end, 1)[1]


def write(path, block, begin=BEGIN, end=END):
    document = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(replaced(document, block, begin, end), encoding="utf-8")
