// SPDX-License-Identifier: MIT
// How a program becomes a worker: the environment variable and descriptors it is started with.
#pragma once

#include <string>
#include <vector>

#include "os/unique_fd.hpp"

namespace clusterless::session {

/// Set in workers: the number of the descriptor their channel's socket is on.
inline constexpr const char* worker_variable = "CLUSTERLESS_WORKER";

/// The arguments this program was started with, for starting it again. Set by init().
std::vector<std::string>& program_arguments();

struct worker_descriptors {
  os::unique_fd area;
  os::unique_fd bell_page;
  os::unique_fd bell_event;
  int number = 0;
};
/// Puts the descriptors a worker needs into its socket. Throws `error`.
void send_worker_descriptors(int socket, int area, int bell_page, int bell_event, int number);
/// Takes them out, in the worker. Throws `error` when they are not there.
worker_descriptors receive_worker_descriptors(int socket);

}  // namespace clusterless::session
