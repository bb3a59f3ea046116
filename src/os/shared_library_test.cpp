// SPDX-License-Identifier: MIT
#include "os/shared_library.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>

using namespace clusterless;

TEST_CASE("a function of a library can be called once the library is loaded") {
  const os::shared_library math("libm.so.6", "libc6");
  using cosine = double (*)(double);
  CHECK(math.function<cosine>("cos")(0.0) == 1.0);
}

TEST_CASE("a library that is not there says which package has it") {
  CHECK_THROWS_WITH_AS(os::shared_library("libabsent.so.9", "libabsent9"),
                       doctest::Contains("apt-get install libabsent9"), error);
}

TEST_CASE("a function that is not there names the library and the package") {
  const os::shared_library math("libm.so.6", "libc6");
  CHECK_THROWS_WITH_AS(
      math.function<void (*)()>("no_such_function"),
      "libm.so.6 has no no_such_function; it is too old: upgrade the package libc6", error);
}
