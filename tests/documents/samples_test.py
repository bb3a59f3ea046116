#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles and runs the samples of a Markdown page, and compares what they print.

Usage: samples_test.py PAGE --include DIR --library FILE --tool FILE [--compiler CXX] [--keep DIR]

Blocks of a page, in order:
  cpp      with a main: a program. Its first line may name it: // waves.cpp makes ./waves
           without: statements, compiled only, inside void f(clusterless::pool& pool)
  cpp top  declarations, compiled only; the statements that follow may use them
  console  "$ command" lines and what they print, run in the folder of the programs
  others   are not looked at
A comment <!-- sample: … --> holds declarations that readers need not see, as a block "cpp top" does;
<!-- console: … --> commands, which find the source tree in $TREE. A program that no console block runs is run as well, and must end with success.

What is printed is compared line by line, in any order. In the page "…" stands for any text, and a
line "…" for any lines. Numbers and widths of columns are free in lines that begin with "From " or
"Created pool ", in those that count frames, and in what `clusterless jobs` and `clusterless show`
print: which worker ran what, and how fast, is not the page's to say. A command ends with success
unless "# fails" follows it.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = 300  # seconds for one command; only a broken one takes that long
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$|<!-- (sample|console):\n(.*?)-->", re.DOTALL | re.MULTILINE)
FLAGS = ["-std=c++20", "-O0", "-g", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror",
         "-Wno-restrict", "-Wno-unknown-warning-option",
         "-Wno-unused-variable", "-Wno-unused-but-set-variable"]
HEADERS = "".join(f"#include <{name}>\n" for name in (
    "clusterless/clusterless.hpp", "clusterless/codec_std.hpp", "algorithm", "chrono", "cstdio",
    "functional", "map", "string", "vector"))
OPENING = HEADERS + "namespace cl = clusterless;\nusing namespace std::chrono_literals;\n"


class Failure(Exception):
    pass


def blocks(text):
    """(kind, body, line) of each block of a page."""
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match.group(3) is not None:
            yield "cpp top" if match.group(3) == "sample" else "console", match.group(4), line
        else:
            yield match.group(1).strip(), match.group(2), line


def pattern(line, free):
    """The regular expression that a line of the page stands for."""
    if not free and not line.startswith(("From ", "Created pool ", "    … (")):
        return ".*".join(re.escape(part) for part in line.split("…"))
    meaning = {"…": ".*", " ": " +"}
    parts = re.split(r"(…|\d+| +)", line)
    return "".join(r"\d+" if part.isdigit() else meaning.get(part[:1], re.escape(part))
                   for part in parts)


def differences(wanted, printed, free):
    """What is wrong with the printed lines, as text; empty when they are as wanted."""
    left = list(printed)
    said = []
    for line in wanted:
        if line == "…":
            continue
        found = next((each for each in left if re.fullmatch(pattern(line, free), each)), None)
        if found is None:
            said.append(f"missing: {line}")
        else:
            left.remove(found)
    if "…" not in wanted:
        said += [f"not in the page: {line}" for line in left]
    return "\n".join(said)


class Page:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.name = options.page.name
        self.environment = {key: value for key, value in os.environ.items()
                            if key not in ("PARAMETERS", "CREDENTIALS", "CLUSTERLESS_ENGINE")}
        self.environment.update(
            CLUSTERLESS_STORE=str(folder / "store"), NO_COLOR="1", HOME=str(folder),
            TREE=str(Path(__file__).resolve().parents[2]),
            PATH=f"{options.tool.parent}:{os.environ['PATH']}")
        self.programs = {}  # name -> whether it was run
        self.checks = 0

    def shell(self, command, line):
        """Runs a command; (exit code, what it printed)."""
        done = subprocess.Popen(["bash", "-c", command], cwd=self.folder, env=self.environment,
                                text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output, _ = done.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            raise Failure(f"{self.name}:{line}: `{command}` does not end") from None
        return done.returncode, output

    def compile(self, source, arguments, line, what):
        command = [self.options.compiler, *FLAGS, f"-I{self.options.include}", str(source),
                   *arguments]
        done = subprocess.run(command, text=True, capture_output=True)
        self.checks += 1
        if done.returncode != 0:
            raise Failure(f"{self.name}:{line}: {what} does not compile:\n{done.stderr[:4000]}")

    def program(self, body, line):
        named = re.match(r"// (\w+)\.cpp\n", body)
        name = named.group(1) if named else f"sample_{line}"
        source = self.folder / f"{name}.cpp"
        source.write_text(body)
        self.compile(source, [str(self.options.library), "-pthread", "-ldl", "-Wl,--build-id", "-o",
                              str(self.folder / name)], line, f"the program {name}")
        self.programs[name] = False

    def fragments(self, pieces):
        """All declarations and statements of the page, in one go."""
        if not any(kind == "cpp" for kind, _, _ in pieces):
            return
        text = OPENING
        for kind, body, line in pieces:
            place = f'#line {line + 1} "{self.name}"\n'
            if kind == "cpp top":
                text += place + body
            else:
                text += f"void statements_{line}(cl::pool& pool);\n"
                text += f"void statements_{line}([[maybe_unused]] cl::pool& pool) {{\n"
                text += f"{place}{body}}}\n"
        source = self.folder / "fragments.cpp"
        source.write_text(text)
        self.compile(source, ["-fsyntax-only"], pieces[0][2], "a fragment")

    def console(self, body, line):
        commands = re.split(r"^\$ ", body, flags=re.MULTILINE)
        if commands[0].strip():
            raise Failure(f"{self.name}:{line}: a console block begins with `$ command`")
        for each in commands[1:]:
            command, *wanted = each.rstrip("\n").split("\n")
            while command.endswith("\\"):
                command = command[:-1] + wanted.pop(0)
            for name in self.programs:
                if f"./{name}" in command:
                    self.programs[name] = True
            fails = command.endswith("# fails")
            code, output = self.shell(command, line)
            self.checks += 1
            free = command.startswith(("clusterless jobs", "clusterless show"))
            wrong = differences(wanted, output.rstrip("\n").split("\n") if output else [], free)
            if wrong or fails != (code != 0):
                raise Failure(f"{self.name}:{line}: `{command}` ended with {code}\n{wrong}\n"
                              f"--- printed:\n{output}")

    def check(self):
        pieces = []
        found = list(blocks(self.options.page.read_text()))
        for kind, body, line in found:
            if kind == "cpp" and re.search(r"\bint main\(", body):
                self.program(body, line)
            elif kind in ("cpp", "cpp top"):
                pieces.append((kind, body, line))
        self.fragments(pieces)
        for kind, body, line in found:
            if kind == "console":
                self.console(body, line)
        for name in [name for name, was_run in self.programs.items() if not was_run]:
            code, output = self.shell(f"./{name}", 0)
            self.checks += 1
            if code != 0:
                raise Failure(f"{self.name}: {name} ended with {code}:\n{output}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--include", type=Path, required=True)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--tool", type=Path, required=True)
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--keep", type=Path, help="use this folder and leave it there")
    options = parser.parse_args()
    options.tool = options.tool.resolve()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="clusterless-documents-"))
    folder.mkdir(parents=True, exist_ok=True)
    page = Page(options, folder.resolve())
    try:
        page.check()
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    print(f"{page.name}: {page.checks} checks passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
