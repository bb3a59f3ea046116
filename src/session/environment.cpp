// SPDX-License-Identifier: MIT
#include "session/environment.hpp"

#include <cstdlib>

namespace clusterless::session {

void environment::apply(const std::string& block) {
  if (block == block_) return;
  for (const auto& [name, value] : before_) {
    if (value)
      ::setenv(name.c_str(), value->c_str(), 1);
    else
      ::unsetenv(name.c_str());
  }
  before_.clear();
  for (std::size_t at = 0; at < block.size();) {
    const std::string line(block.c_str() + at);
    at += line.size() + 1;
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    const char* value = std::getenv(name.c_str());
    before_.try_emplace(name, value == nullptr ? std::nullopt : std::optional<std::string>(value));
    ::setenv(name.c_str(), line.c_str() + equals + 1, 1);
  }
  block_ = block;
}

}  // namespace clusterless::session
