// SPDX-License-Identifier: MIT
// Faults on request: rules that are given as JSON, on the command line or while the emulator runs.
// Those of requests are chosen here; those of nodes and allocations are for the emulator to carry
// out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "emulator/http_server.hpp"
#include "emulator/json.hpp"
#include "emulator/times.hpp"

namespace clusterless::emulator {

/// A node that is to go.
struct node_fault {
  std::string pool = {};  ///< empty: any
  std::string node = {};  ///< empty: one that runs a task
  bool lose = false;      ///< else it is preempted
  ticks due = 0;
  std::optional<ticks> back_after = {};  ///< empty: as the latencies say
};

class fault_book {
 public:
  /// Takes a rule of requests up: {"match": {"method", "path"}, "skip", "times", and one or more of
  /// "status" with "code" and "retry_after", "reset" ("before" or "after"), "delay_ms", "slow_ms",
  /// "truncate"}. Throws `error` for what is no rule.
  void add(const json& given);
  void clear() { rules_.clear(); }
  json all() const;
  /// What is to go wrong with this request; counts it.
  http_fault choose(const http_request& request, ticks now);

 private:
  struct rule {  // NOLINT(bugprone-exception-escape): moving json throws nothing
    json given = {};
    std::string method = {};
    std::string path = {};
    std::int64_t skip = 0;
    std::int64_t times = 1;
    std::int64_t hits = 0;
  };
  std::vector<rule> rules_;
};

}  // namespace clusterless::emulator
