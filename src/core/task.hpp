// SPDX-License-Identifier: MIT
// What clients, engines and sessions hand to each other: what to call, items to run, bytes of
// outcomes. Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <clusterless/detail/buffer.hpp>

#include "core/job_book.hpp"

namespace clusterless::core {

/// What to call, the same for all items of a map.
struct call_spec {
  std::uint64_t id = 0;  ///< unique in the supervisor
  std::uint64_t entry_offset = 0;
  std::uint64_t target_offset = 0;
  std::uint64_t max_item_bytes = 0;
  bool by_reference = true;  ///< results may come as segments
  bool lasting = false;      ///< its tasks are recorded: they may outlive this process
  std::string env = {};      ///< name=value, each ended by a zero byte
  std::vector<std::byte> bound = {};
  nanoseconds timeout = 0;  ///< of one item, 0: none
};
using call_ptr = std::shared_ptr<const call_spec>;

/// Nodes and processes that a task owns.
struct task_shape {
  int nodes = 1;
  int procs_per_node = 1;
  friend bool operator==(const task_shape&, const task_shape&) = default;
};

/// A task as an engine gets it.
struct run_order {
  std::uint64_t key = 0;  ///< unique in the engine
  call_ptr call = {};
  task_shape shape = {};
  piece items = {};
  std::uint64_t task = 0;  ///< number shown to users
  int attempt = 1;
  int priority = 0;        ///< of two tasks that wait the higher one goes first
  bool keep_going = true;  ///< items behind one that failed may be run
};

/// Outcomes as they came: bytes to be copied, or kept by holding `shared`.
struct outcome_bytes {
  const std::byte* data = nullptr;
  std::size_t size = 0;
  detail::segment_ptr shared = {};
  detail::segment_list beside = {};
};

/// A broadcast value as a supervisor holds it.
struct broadcast_bytes {
  std::uint64_t key[2] = {};  ///< hash of contents and type, or unlike any other
  detail::buffer bytes = {};
  detail::segment_list beside = {};
};

}  // namespace clusterless::core
