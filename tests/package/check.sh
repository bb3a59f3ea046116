#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the build in $1 into a scratch prefix, moves the package to another place, and there builds
# and runs a program outside the tree: by find_package and by pkg-config, with g++ and clang++.
set -euo pipefail
build=$1
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset PARAMETERS CREDENTIALS CLUSTERLESS_ENGINE PKG_CONFIG_PATH

fail() {
  echo "package: $*" >&2
  exit 1
}

cmake --install "$build" --prefix "$scratch/first place" > "$scratch/installed"
prefix="$scratch/moved"
mv "$scratch/first place" "$prefix"

config=$(find "$prefix" -name clusterless-config.cmake)
[ -n "$config" ] || fail "no clusterless-config.cmake was installed"
pkgconfig=$(dirname "$(find "$prefix" -name clusterless.pc)")
for text in "$(dirname "$config")"/*.cmake "$pkgconfig/clusterless.pc"; do
  if grep -nF -e "$scratch" -e "$build" -e "$source" "$text"; then
    fail "$text holds a path of this machine"
  fi
done

version=$(sed -n 's/.*version = "\(.*\)".*/\1/p' "$prefix/include/clusterless/version.hpp")
[ "$(PKG_CONFIG_PATH=$pkgconfig pkg-config --modversion clusterless)" = "$version" ] ||
  fail "pkg-config does not tell version $version"
expected="clusterless $version: 14 77"

for header in "$prefix"/include/clusterless/*.hpp; do
  name=$(basename "$header")
  echo "#include <clusterless/$name>" |
    g++ -std=c++20 -Wall -Wextra -Werror -fsyntax-only -I "$prefix/include" -x c++ - ||
    fail "<clusterless/$name> does not compile alone"
done

compilers=(g++)
if command -v clang++ > /dev/null; then
  compilers+=(clang++)
else
  echo "package: no clang++ here, so only g++ was tried"
fi
for compiler in "${compilers[@]}"; do
  by_cmake="$scratch/cmake-$compiler"
  cmake -S "$here" -B "$by_cmake" -DCMAKE_CXX_COMPILER="$compiler" -DWANTED_VERSION="$version" \
    -DCMAKE_PREFIX_PATH="$prefix" > "$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
  cmake --build "$by_cmake" > "$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
  [ "$("$by_cmake/consumer")" = "$expected" ] || fail "find_package with $compiler: wrong output"
  echo "package: find_package with $compiler: $expected"

  read -ra flags <<< "$(PKG_CONFIG_PATH=$pkgconfig pkg-config --cflags --libs clusterless)"
  "$compiler" -std=c++20 "$here/consumer.cpp" -o "$scratch/by-pkgconfig" "${flags[@]}"
  [ "$("$scratch/by-pkgconfig")" = "$expected" ] || fail "pkg-config with $compiler: wrong output"
  echo "package: pkg-config with $compiler: $expected"
done
