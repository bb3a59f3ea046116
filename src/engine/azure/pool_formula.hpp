// SPDX-License-Identifier: MIT
// The ready-made formula that scales a pool, in the language of Azure Batch: all its nodes while
// there is work or the pool is fresh, none when everybody has forgotten it. Pure text.
#pragma once

#include <cstdint>
#include <string>

namespace clusterless::engine {

/// Nodes of one pool.
struct pool_size {
  int dedicated = 1;
  int spot = 0;

  int all() const { return dedicated + spot; }
  bool operator==(const pool_size&) const = default;
};

/// The formula that keeps the nodes until `fresh_until_s` (Unix time) and while tasks wait or run,
/// and none a quarter of an hour after the last.
std::string idle_formula(const pool_size& nodes, std::int64_t fresh_until_s);
/// Until when a formula of that form for as many nodes keeps them in any case; 0 for any other.
std::int64_t fresh_until(const std::string& formula, const pool_size& nodes);

/// What a pool of size `is` becomes with `nodes` nodes when nobody says how many of them are spot
/// ones: the dedicated ones stay, or go last, where there are spot ones, and are all else.
pool_size resized(const pool_size& is, int nodes);

}  // namespace clusterless::engine
