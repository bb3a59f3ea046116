// SPDX-License-Identifier: MIT
// The agent of a node that is not its task's first: waits for the supervisor of the task to call,
// starts processes for it, and passes messages between them and the supervisor. What it holds for
// the processes of its node (broadcast values) crosses the link once. When the link ends, or the
// link file is gone, so do the processes and the agent.
#pragma once

#include <string>

namespace clusterless::session {

/// Serves the task whose link file this is; returns the exit code: 0 when the supervisor has ended
/// the link, 1 when it never called or the agent cannot serve.
int agent_main(const std::string& link_file);

}  // namespace clusterless::session
