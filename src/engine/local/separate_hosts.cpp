// SPDX-License-Identifier: MIT
#include "engine/local/separate_hosts.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "core/checksum.hpp"
#include "os/start_again.hpp"
#include "os/tcp.hpp"
#include "session/directories.hpp"
#include "session/roles.hpp"

namespace clusterless::engine {

bool hosts_are_separate() {
  const char* value = std::getenv(hosts_variable);
  return value != nullptr && std::string(value) == "separate";
}

separate_hosts::separate_hosts(session::host& on, std::size_t nodes) : places_(nodes) {
  folder_ = session::make_directory("hosts");
  agents_.resize(nodes);
  for (std::size_t i = 1; i < nodes; ++i) {
    session::link_place place;
    // Every host of the loopback interface has all ports to itself.
    place.address = "127.0.1." + std::to_string(1 + i % 250);
    place.port = os::listen_on(place.address, 0).port;
    place.ports = 8;
    place.key = os::make_link_key();
    place.identity = "node-" + std::to_string(i) + "-" + core::to_hex(on.next_key());
    const std::string file = folder_ + "/" + std::to_string(i);
    session::write_link_file(file, place);
    auto request = os::start_again(session::program_arguments());
    request.env = {{session::agent_variable, file}};
    agents_[i] = on.spawner().start(request);
    places_[i] = std::move(place);
  }
}

separate_hosts::~separate_hosts() {
  agents_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void separate_hosts::kill(std::size_t node) {
  agents_[node].kill_group();
}

}  // namespace clusterless::engine
