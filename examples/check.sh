#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# check.sh EXPECTED PROGRAM [ARGUMENT…]: runs the program; it must succeed, and its output must be
# the lines of EXPECTED (extended regular expressions), each once, in any order, and no others.
set -uo pipefail
expected=$1
shift
output=$("$@")
code=$?
printf '%s\n' "$output"
if [ $code -ne 0 ]; then
  echo "check: exit code $code" >&2
  exit 1
fi
failed=0
while IFS= read -r pattern; do
  if [ "$(printf '%s\n' "$output" | grep -Exc -- "$pattern")" != 1 ]; then
    echo "check: not exactly one line is: $pattern" >&2
    failed=1
  fi
done < "$expected"
if [ "$(printf '%s\n' "$output" | wc -l)" != "$(wc -l < "$expected")" ]; then
  echo "check: there are more lines than expected" >&2
  failed=1
fi
exit $failed
