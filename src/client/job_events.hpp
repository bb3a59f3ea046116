// SPDX-License-Identifier: MIT
// What the events of a recorded job mean: how far running items say they are, and the attempts
// behind an outcome. Written by the recorder, read by who looks at the job.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/job_record.hpp"

namespace clusterless::client {

/// Kinds of store::event_record.
enum class event_kind : std::uint16_t {
  progress = 1,  ///< an item told how far it is; text: see progress_text
  retried = 2,   ///< an attempt failed and the item runs again; text: its error in words
};

/// "0.25 reading": the text of a progress event.
std::string progress_text(double fraction, std::string_view words);

struct item_progress {
  std::uint64_t task = 0;
  double fraction = 0;
  std::string text = {};
};

/// The last word of each item that has no outcome yet, by item.
std::map<std::uint64_t, item_progress> progress_of(const store::job_record& job);

/// The attempts of an item that failed and were followed by another, in their order.
std::vector<store::event_record> retried_attempts(const store::job_record& job, std::uint64_t item);

}  // namespace clusterless::client
