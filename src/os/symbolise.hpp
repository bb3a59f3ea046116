// SPDX-License-Identifier: MIT
// Addresses as function names, files and lines, read from the symbols and debug information of this
// program and its libraries. Runs in a healthy process on the machine of the crash, never in the
// crashed one; what it cannot name for certain it prints as module+offset.
#pragma once

#include <string>

#include "os/crash_report.hpp"

namespace clusterless::os {

/// The record's stack as text, one frame a line, innermost first, without a final newline:
///
///     #0 boom(int) at /home/ann/waves/shot.cpp:12
///     #1 shoot(std::string const&) at /home/ann/waves/shot.cpp:30
///     … (9 frames of clusterless)
///
/// Inlined calls are lines of their own. What lies below the user's function is left out and
/// counted. Files of the crashed process that this process has mapped too (same device and inode:
/// the program itself, even when deleted since, and shared libraries) give names; addresses in
/// other files read `module+0xoffset`, the offset being that in the file. Lines in round brackets
/// at the end say why a name is missing. Empty when the record is not complete. Thread-safe. The
/// first call reads the debug information of the program: some ms, and memory that is kept.
std::string describe_trace(const crash_record& record);

/// The name of the function of this program at `address`, such as "ns::f(int)", for display only:
/// names need not be unique. `module+0xoffset` when there is no symbol. Reads the symbol table, not
/// the debug information. Thread-safe; costs some 100 us, and next to nothing when asked again.
std::string symbol_name(const void* address);

}  // namespace clusterless::os
