// SPDX-License-Identifier: MIT
#include "session/task_hosts.hpp"

#include <algorithm>
#include <cstdlib>

namespace clusterless::session {

std::vector<std::string> task_hosts() {
  const char* told = std::getenv(task_hosts_variable);
  if (told == nullptr) told = std::getenv("AZ_BATCH_HOST_LIST");
  const std::string text = told == nullptr ? "" : told;
  std::vector<std::string> hosts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) hosts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return hosts;
}

}  // namespace clusterless::session
