# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the stages share; sourced by each. A stage counts with pass, fail and skip, and ends with
# finish, which prints the totals and tells them to ./test through the file $CLUSTERLESS_TALLY.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
passed=0 failed=0 skipped=0
jobs=$(nproc)
! command -v ccache > /dev/null || export CMAKE_CXX_COMPILER_LAUNCHER=ccache
unset PARAMETERS CREDENTIALS CLUSTERLESS_ENGINE CLUSTERLESS_STORE

step() { echo "==> $*"; }
pass() { passed=$((passed + 1)); }
fail() {
  failed=$((failed + 1))
  echo "FAILED: $*" >&2
}
skip() {
  skipped=$((skipped + 1))
  echo "skipped: $1: $2"
}

# run WHAT COMMAND…: one check.
run() {
  local what=$1
  shift
  step "$what"
  if "$@"; then pass; else fail "$what"; fi
}

finish() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [ -z "${CLUSTERLESS_TALLY:-}" ] || echo "$passed $failed $skipped" > "$CLUSTERLESS_TALLY"
  [ "$failed" -eq 0 ]
  exit
}

tracked() { git ls-files -- "$@"; }

# configure_and_build PRESET [TARGET…]: quiet when all is well.
configure_and_build() {
  local preset=$1 log
  shift
  log=$(mktemp)
  step "cmake --preset $preset"
  if ! cmake --preset "$preset" > "$log" 2>&1; then
    cat "$log"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
  step "ninja -C build/$preset $*"
  NINJA_STATUS='[%f/%t %es] ' ninja -C "build/$preset" -j "$jobs" "$@"
}

# ctest_kind KIND: the arguments that choose the tests of a kind. Tests that are not of one room have
# names that begin with their kind.
ctest_kind() {
  local others='^(compile|conformance|end_to_end|package)([.]|$)'
  if [ "$1" = unit ]; then echo "-E $others"; else echo "-R ^$1([.]|\$)"; fi
}

# run_ctest FOLDER [ARGUMENT…]: counts each test.
run_ctest() {
  local folder=$1 report lines code p f s
  shift
  report=$PWD/$folder/ctest-report.xml
  rm -f "$report"
  step "ctest in $folder $*"
  ctest --test-dir "$folder" -j "$jobs" --output-on-failure --no-tests=error \
    --output-junit "$report" "$@"
  code=$?
  if ! lines=$(python3 tools/ci/count_ctest.py "$report"); then
    fail "ctest in $folder: no report, exit code $code"
    return
  fi
  sed '$d' <<< "$lines"
  read -r p f s <<< "${lines##*$'\n'}"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  [ "$code" -eq 0 ] || [ "$f" -gt 0 ] || fail "ctest in $folder: exit code $code"
}
