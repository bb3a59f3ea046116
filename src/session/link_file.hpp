// SPDX-License-Identifier: MIT
// How the hosts of a task find and know each other: where the agent of a node listens and the key
// of the link. Whoever launches the task gives every node this as a file that only its user can
// read; the key is made for the task and goes with it.
#pragma once

#include <cstdint>
#include <string>

#include "os/tls_stream.hpp"

namespace clusterless::session {

/// Set for a program that is to be the agent of a node: the path of its link file.
inline constexpr const char* agent_variable = "CLUSTERLESS_AGENT";
/// The address the agent listens at. Unset: the first of the task's other hosts that is this
/// machine and has the port free, or, when nobody told the hosts, that of the link file.
inline constexpr const char* agent_address_variable = "CLUSTERLESS_AGENT_ADDRESS";

struct link_place {
  std::string address = {};  ///< of the node: a number or a name that its peers know
  std::uint16_t port = 0;    ///< the agent listens on the first that is free from here on
  int ports = 1;             ///< how many it may try
  std::string identity = {};
  os::link_key key = {};
};

/// What is in the file.
std::string link_text(const link_place& place);
/// Writes the file, readable by its owner only. Throws `error`.
void write_link_file(const std::string& path, const link_place& place);
/// Reads and checks it. Throws `error` that names the file and what is wrong, never the key.
link_place read_link_file(const std::string& path);

}  // namespace clusterless::session
