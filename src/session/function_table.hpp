// SPDX-License-Identifier: MIT
// Mapped functions by their place in the program's image: numbers out, functions in. Numbers that
// come from outside are proved to lead to a function that was mapped before anything is called.
#pragma once

#include <cstdint>

#include <clusterless/detail/function.hpp>

namespace clusterless::session {

struct function_place {
  std::uint64_t entry_offset = 0;
  std::uint64_t target_offset = 0;  ///< wire::no_target when there is none
};
struct function_ref {
  const detail::entry* entry = nullptr;
  const void* target = nullptr;
};

/// Throws `error` (misuse) when the function lies in a shared library, or where workers could not
/// prove that it is one.
function_place place_of(const detail::entry* entry, const void* target);
/// Throws `error` (failed) when the place is not that of a mapped function.
function_ref function_at(const function_place& place);

}  // namespace clusterless::session
