# SPDX-License-Identifier: MIT
"""Puts the report into a Markdown file between two marks, and leaves the rest of the file alone."""

BEGIN = "<!-- ./bench --markdown writes from here -->"
END = "<!-- to here -->"


def replaced(document, block):
    """`document` with what is between the marks replaced; the marks are added where missing."""
    marked = f"{BEGIN}\n\n{block.strip()}\n\n{END}"
    if BEGIN not in document or END not in document:
        return (document.rstrip() + "\n\n" + marked + "\n").lstrip()
    before, rest = document.split(BEGIN, 1)
    return before + marked + rest.split(END, 1)[1]


def write(path, block):
    document = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(replaced(document, block), encoding="utf-8")
