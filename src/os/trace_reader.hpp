// SPDX-License-Identifier: MIT
// describe_trace() in a thread of its own: the debug information it reads may be much, and who
// looks after many processes has others to serve meanwhile.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "os/crash_report.hpp"
#include "os/event_fd.hpp"

namespace clusterless::os {

class trace_reader {
 public:
  /// Copies the record and begins.
  explicit trace_reader(const crash_record& record);
  /// Waits for the end.
  ~trace_reader();
  trace_reader(const trace_reader&) = delete;
  trace_reader& operator=(const trace_reader&) = delete;

  /// Readable when the text is there.
  int done_fd() const noexcept { return done_.fd(); }
  /// What describe_trace() says of the record; waits for it.
  std::string text();

 private:
  event_fd done_;
  std::unique_ptr<const crash_record> record_;
  std::string text_;
  std::thread thread_;
};

}  // namespace clusterless::os
