// SPDX-License-Identifier: MIT
// Results of one job, in groups, as the items of another: what a remote reduction maps over. Reads
// results as they come, in order, and lets go of those it has passed on.
#pragma once

#include <memory>

#include <clusterless/detail/client.hpp>

namespace clusterless::client {

class job;

/// Thrown by group_source at a result that failed.
struct failed_result {
  error_info why = {};
};

class group_source final : public detail::item_source {
 public:
  group_source(std::shared_ptr<job> from, std::size_t group)
      : from_(std::move(from)), group_(group) {}
  /// Adds whole groups that are there; none when the next is not, then `end` stays false.
  std::size_t fill(writer& pack, std::size_t max_items, std::size_t max_bytes, bool& end) override;
  std::optional<std::size_t> size() const override { return std::nullopt; }

 private:
  std::shared_ptr<job> from_;
  std::size_t group_;
  std::uint64_t next_ = 0;
};

}  // namespace clusterless::client
