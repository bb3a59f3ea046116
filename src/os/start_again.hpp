// SPDX-License-Identifier: MIT
// How this program is started once more, as a worker or an agent. A program that was started
// through its loader (ld.so --library-path … program), as on a node that lacks its libraries, is
// started that way again.
#pragma once

#include <string>
#include <vector>

#include "os/process.hpp"

namespace clusterless::os {

/// A request for this program with `arguments`, the first being its name. Relative paths on the
/// command line of the loader are taken from where the process was at the first call.
start_request start_again(const std::vector<std::string>& arguments);

}  // namespace clusterless::os
