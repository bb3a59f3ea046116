// SPDX-License-Identifier: MIT
#include "os/frame_origin.hpp"

#include <doctest/doctest.h>

using clusterless::os::frame_origin;
using clusterless::os::frames_to_show;
using clusterless::os::origin_of;

TEST_CASE("a function belongs to the outermost namespace of its mangled name") {
  CHECK(origin_of({"_ZN11clusterless7session3runEv"}) == frame_origin::library);
  CHECK(origin_of({"_ZNK11clusterless3jobIiE5fetchEv"}) == frame_origin::library);
  CHECK(origin_of({"_ZZN11clusterless3runEvENKUlvE_clEv"}) == frame_origin::library);
  CHECK(origin_of({"_ZNSt6thread3runEv"}) == frame_origin::standard);
  CHECK(origin_of({"_ZSt8__invokeIPFvvEJEEvv"}) == frame_origin::standard);
  CHECK(origin_of({"_ZNKSt8functionIFvvEEclEv"}) == frame_origin::standard);
  CHECK(origin_of({"_ZN9__gnu_cxx3fooEv"}) == frame_origin::standard);
  CHECK(origin_of({"_Z4boomi"}) == frame_origin::user);
  CHECK(origin_of({"_Z4callN11clusterless3jobE"}) == frame_origin::user);
  CHECK(origin_of({"_ZN5waves11clusterlessEv"}) == frame_origin::user);
  CHECK(origin_of({"_Z"}) == frame_origin::user);
  CHECK(origin_of({"main"}) == frame_origin::main);
  CHECK(origin_of({"__libc_start_main@@GLIBC_2.34"}) == frame_origin::start);
  CHECK(origin_of({"", "", "/lib/x86_64-linux-gnu/libc.so.6"}) == frame_origin::start);
  CHECK(origin_of({"", "", "/home/ann/a.out"}) == frame_origin::user);
}

TEST_CASE("a function with a plain name belongs to its source file") {
  CHECK(origin_of({"operator()", "/usr/include/clusterless/detail/call.hpp"}) ==
        frame_origin::library);
  CHECK(origin_of({"operator()", "/usr/include/c++/12/bits/std_function.h"}) ==
        frame_origin::standard);
  CHECK(origin_of({"operator()", "/home/ann/clusterless/shot.cpp"}) == frame_origin::user);
  CHECK(origin_of({"operator()", ""}) == frame_origin::user);
}

TEST_CASE("frames below the function of an item are left out") {
  using f = frame_origin;
  CHECK(frames_to_show(
            {f::user, f::user, f::library, f::standard, f::library, f::main, f::start}) == 2);
  // main calls init through a function of the user's
  CHECK(frames_to_show({f::user, f::library, f::user, f::main, f::start}) == 1);
  // the library called by the user stays in sight
  CHECK(frames_to_show({f::library, f::user, f::library, f::main, f::start}) == 2);
  // a nested map: the caller runs an item of its own map
  CHECK(frames_to_show({f::user, f::library, f::user, f::library, f::main}) == 3);
}

TEST_CASE("the function of a user's thread is shown even when the thread calls the library") {
  using f = frame_origin;
  CHECK(frames_to_show({f::user, f::standard, f::start, f::start}) == 1);
  CHECK(frames_to_show({f::user, f::library, f::user, f::standard, f::start}) == 3);
  CHECK(frames_to_show({f::user, f::library, f::standard, f::start}) == 1);
}

TEST_CASE("a stack without the user's functions keeps the library's") {
  using f = frame_origin;
  CHECK(frames_to_show({f::library, f::standard, f::library, f::main, f::start}) == 4);
  CHECK(frames_to_show({f::standard, f::start}) == 2);
  CHECK(frames_to_show({}) == 0);
}
