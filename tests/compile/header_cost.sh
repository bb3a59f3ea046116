#!/bin/bash
# SPDX-License-Identifier: MIT
# An empty main that includes the public header compiles in at most 4.5 times what it takes with
# <string>. User CPU time, the best of seven runs in turn: a ratio, so that the machine and its load
# drop out.
#   header_cost.sh COMPILER [ARGUMENT...]
set -eu
limit=4.5
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
printf '#include <string>\nint main() {}\n' >"$directory/string.cpp"
printf '#include <clusterless/clusterless.hpp>\nint main() {}\n' >"$directory/clusterless.cpp"

TIMEFORMAT=%3U
seconds() { # NAME, then the compiler and its arguments
  local name=$1
  shift
  { time "$@" -std=c++20 -c "$directory/$name.cpp" -o "$directory/$name.o"; } 2>&1
}
for _ in 1 2 3 4 5 6 7; do
  for name in string clusterless; do
    echo "$name $(seconds $name "$@")"
  done
done | awk -v limit=$limit '
  !($1 in best) || $2 < best[$1] { best[$1] = $2 }
  END {
    ratio = best["clusterless"] / best["string"]
    printf "<clusterless/clusterless.hpp> %.3f s, <string> %.3f s: %.2f times, at most %.1f\n",
           best["clusterless"], best["string"], ratio, limit
    exit ratio > limit
  }'
