#!/bin/bash
# SPDX-License-Identifier: MIT
# Every public header compiles alone and without a warning, and includes nothing but other public
# headers and those of the standard library.
#   headers_alone.sh INCLUDE_DIRECTORY COMPILER [ARGUMENT...]
set -u
include=$1
shift
failed=0
while read -r header; do
  "$@" -std=c++20 -fsyntax-only -Wall -Wextra -Wshadow -Wconversion -Werror -I"$include" \
    -x c++ -include "$include/$header" /dev/null || failed=1
  # The standard library's headers are those without a directory and an ending.
  foreign=$(sed -n 's/^ *# *include *//p' "$include/$header" |
    grep -vE '^<(clusterless/[a-z_/]+\.hpp|[a-z_]+)>$')
  if [ -n "$foreign" ]; then
    echo "$header includes $foreign"
    failed=1
  fi
done < <(cd "$include" && find clusterless -name '*.hpp' | sort)
exit $failed
