// SPDX-License-Identifier: MIT
// How a program is started under gdb so that the function of a job is where it stops.
#pragma once

#include "os/foreground.hpp"
#include "store/manifest.hpp"

namespace clusterless::cli {

/// `command` under gdb: stopped where the mapped function begins, or, with `batch`, run until it
/// crashes or ends, with the stack printed, without questions. Throws `error` (misuse) when there
/// is no gdb.
os::command_line under_gdb(os::command_line command, const store::function_record& function,
                           bool batch);

/// What gdb may call the function labelled `label`: its own name for a function; empty for a
/// lambda, whose name gdb cannot be told.
std::string breakpoint_for(const std::string& label);

/// Whether `name` is an executable file in PATH.
bool is_in_path(const std::string& name);

}  // namespace clusterless::cli
