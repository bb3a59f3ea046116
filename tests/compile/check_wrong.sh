#!/bin/bash
# SPDX-License-Identifier: MIT
# A wrong program must be refused with one error, whose text is the comment "// expect: ..." in its
# source, which points at the line marked "// here", in at most 20 lines.
#   check_wrong.sh PROGRAM.cpp COMPILER [ARGUMENT...]
set -u
export LC_ALL=C.UTF-8
program=$1
shift
expected=$(sed -n '/^\/\/ expect: /,/^[^/]/{s|^// \(expect: \)\?||p}' "$program" | paste -sd' ')
line=$(grep -n '// here' "$program" | cut -d: -f1)
output=$("$@" -std=c++20 -fsyntax-only "$program" 2>&1) && output="it compiles"$'\n'"$output"

failed=0
check() { # DESCRIPTION, then a command that must succeed
  local what=$1
  shift
  "$@" && return
  echo "FAILED: $what"
  failed=1
}
errors=$(grep -cE ': (fatal )?error: ' <<<"$output")
check "one error, not $errors" test "$errors" -eq 1
check "the text: $expected" grep -qF -- "$expected" <<<"$output"
check "it points at line $line" grep -qF -- "$(basename "$program"):$line:" <<<"$output"
check "at most 20 lines, not $(wc -l <<<"$output")" test "$(wc -l <<<"$output")" -le 20
((failed == 0)) || head -c 6000 <<<"$output"
exit $failed
