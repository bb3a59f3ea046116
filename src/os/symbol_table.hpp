// SPDX-License-Identifier: MIT
// The names of this program's functions from its symbol table alone: quick, small, and without the
// lines and inlined calls that os/symbolise reads from debug information.
#pragma once

#include <string>

namespace clusterless::os {

/// A path that opens the file this program runs from: /proc/self/exe, which outlives a deletion, or
/// the program's own path when it was started through ld.so, whose file /proc/self/exe then is.
std::string program_file();

/// The mangled name of the function at `address`, in this program or, if exported, in a library it
/// has loaded. Empty when there is none. Reads the program's file each time (some 100 us).
std::string find_symbol(const void* address);

}  // namespace clusterless::os
