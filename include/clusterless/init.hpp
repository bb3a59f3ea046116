// SPDX-License-Identifier: MIT
// The first line of main.
#pragma once

namespace clusterless {

/// Call it first in main, before anything with effects: in the client it returns; in a process that
/// was started as a worker or task it runs the work and never returns. Arguments are left as they
/// are. Calling it twice does nothing.
void init(int& argc, char**& argv);

}  // namespace clusterless
