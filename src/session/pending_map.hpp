// SPDX-License-Identifier: MIT
// A nested map as the process sees it that waits for it: items go out while outcomes come in, a
// bounded number at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <clusterless/detail/client.hpp>

#include "os/channel.hpp"

namespace clusterless::session {

class worker;

/// What nested maps do not have throws `error` (unsupported).
class nested_job : public detail::job_core {
 public:
  std::string id() const override { return "nested map"; }
  void want_all() override {}
  bool wait_for(std::chrono::nanoseconds) override;
  std::string output(std::size_t) override;
  void cancel() override;
  destroy_report destroy() override { return {}; }
  detail::job_ptr regroup(detail::call, std::size_t, const map_options&) override;
  void retry_failed() override;
  detail::outcome_run finished(std::size_t&) override;
};

class pending_map final : public nested_job {
 public:
  pending_map(worker& in, std::uint64_t number, detail::item_source& items);
  ~pending_map() override;
  void begin(const detail::call& what, int pinned, const map_options& options);

  detail::outcome_run ordered(std::size_t item) override;
  void release_before(std::size_t item) override;
  job_status status() override;

  /// Outcomes of items first … first+count-1 have come.
  void arrived(std::uint64_t first, std::uint64_t count, os::message& what);

 private:
  struct arrival {
    std::uint64_t count = 0;
    std::shared_ptr<const void> keep = {};
    const std::byte* data = nullptr;
    std::size_t size = 0;
    detail::segment_list beside = {};
  };
  void feed();

  worker& worker_;
  std::uint64_t number_;
  detail::item_source& items_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  bool end_ = false;
  std::map<std::uint64_t, arrival> arrivals_;
};

/// A nested map where there is nobody else: its items run here, when their outcome is asked for.
class inline_map final : public nested_job {
 public:
  inline_map(detail::call what, detail::item_source& items, const map_options& options);
  ~inline_map() override;
  detail::outcome_run ordered(std::size_t item) override;
  void release_before(std::size_t) override {}
  job_status status() override;

 private:
  detail::call call_;
  void* bound_;
  detail::item_source& items_;
  std::size_t max_bytes_;
  int retries_;
  std::size_t next_ = 0;
  bool end_ = false;
};

}  // namespace clusterless::session
