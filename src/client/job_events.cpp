// SPDX-License-Identifier: MIT
#include "client/job_events.hpp"

#include <algorithm>
#include <cstdlib>

namespace clusterless::client {

std::string progress_text(double fraction, std::string_view words) {
  std::string text = std::to_string(fraction) + ' ';
  text += words;
  return text;
}

std::map<std::uint64_t, item_progress> progress_of(const store::job_record& job) {
  std::map<std::uint64_t, item_progress> all;
  auto events = job.read_events();
  store::event_record event;
  while (events.next(event)) {
    if (event.kind != static_cast<std::uint16_t>(event_kind::progress)) continue;
    if (event.item == store::no_item) continue;
    const std::size_t space = std::min(event.text.find(' '), event.text.size());
    all[event.item] = {event.task, std::strtod(event.text.c_str(), nullptr),
                       event.text.substr(std::min(space + 1, event.text.size()))};
  }
  std::erase_if(all, [&job](const auto& each) {
    return job.state(each.first) != store::item_state::missing;
  });
  return all;
}

std::vector<store::event_record> retried_attempts(const store::job_record& job,
                                                  std::uint64_t item) {
  std::vector<store::event_record> all;
  auto events = job.read_events();
  store::event_record event;
  while (events.next(event))
    if (event.kind == static_cast<std::uint16_t>(event_kind::retried) && event.item == item)
      all.push_back(event);
  return all;
}

}  // namespace clusterless::client
