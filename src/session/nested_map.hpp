// SPDX-License-Identifier: MIT
// A nested map as the supervisor keeps it: the same book as that of a job, with the process that
// waits for it in the place of the client.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "session/task_session.hpp"

namespace clusterless::session {

struct task_session::nested_map {
  nested_map(map_key name, core::book_limits limits) : key(name), book(limits) {}

  /// Sends outcomes of items first … first+count-1 to the process that waits for them.
  void pass_on(task_session& in, std::uint64_t first, std::uint64_t count, os::message& pack);

  map_key key;
  core::job_book book;
  core::call_ptr call = {};
  std::uint64_t root = 0;                 ///< the job's run it is part of
  std::optional<error_info> closed = {};  ///< why no more of its items are run
  int pinned = 0;
  std::uint32_t depth = 1;
  std::uint64_t task = 0;                                         ///< of the job, for messages
  std::unordered_map<std::uint64_t, std::uint64_t> task_of = {};  ///< run key -> task in the book
};

}  // namespace clusterless::session
