// SPDX-License-Identifier: MIT
// What the tasks of a job printed: the end of it for each task, within a bound for all.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace clusterless::client {

class output_log {
 public:
  void add(std::uint64_t task, std::uint64_t first_item, std::uint64_t items,
           std::string_view text);
  /// What the tasks that ran `item` printed, oldest first.
  std::string of_item(std::uint64_t item) const;
  bool empty() const noexcept { return tasks_.empty(); }

 private:
  struct text_of_task {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::string text = {};
  };
  std::map<std::uint64_t, text_of_task> tasks_;
  std::size_t bytes_ = 0;
};

}  // namespace clusterless::client
