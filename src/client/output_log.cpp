// SPDX-License-Identifier: MIT
#include "client/output_log.hpp"

#include "core/defaults.hpp"

namespace clusterless::client {

void output_log::add(std::uint64_t task, std::uint64_t first_item, std::uint64_t items,
                     std::string_view text) {
  auto& of = tasks_[task];
  if (of.text.empty()) of.first = first_item;
  of.count = first_item + items - of.first;
  of.text += text;
  bytes_ += text.size();
  if (of.text.size() > defaults::output_tail) {
    const std::size_t surplus = of.text.size() - defaults::output_tail;
    of.text.erase(0, surplus);
    bytes_ -= surplus;
  }
  while (bytes_ > defaults::kept_output && tasks_.begin()->first != task) {
    bytes_ -= tasks_.begin()->second.text.size();
    tasks_.erase(tasks_.begin());
  }
}

std::string output_log::of_item(std::uint64_t item) const {
  std::string all;
  for (const auto& [task, of] : tasks_)
    if (item >= of.first && item - of.first < of.count) all += of.text;
  return all;
}

}  // namespace clusterless::client
