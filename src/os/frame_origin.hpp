// SPDX-License-Identifier: MIT
// Whose function a stack frame is, judged by its name and file, and where on a stack the user's
// code ends and the frames that merely led to it begin. Pure; used by os/symbolise.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace clusterless::os {

enum class frame_origin {
  user,
  main,
  library,   ///< of this library
  standard,  ///< the standard library's plumbing: std::invoke, std::function, …
  start,     ///< what the C library runs before main and before a thread's function
};

/// Where a function is defined.
struct function_place {
  std::string symbol = {};  ///< mangled where the file has it so; empty: no name
  std::string source = {};  ///< path of the source file, empty: unknown
  std::string module = {};  ///< path of the program or library
};

/// Decides by the mangled name; by the source file when the name is plain, as debug information has
/// it for inlined functions without linkage (C++ lambdas, anonymous namespaces).
frame_origin origin_of(const function_place& place);

/// How many of the frames, innermost first, to show: those below the user's lowest function that
/// an item or a thread runs are left out. A stack with nothing of the user's above the library is
/// the library's own fault, and keeps its frames.
std::size_t frames_to_show(const std::vector<frame_origin>& frames);

}  // namespace clusterless::os
