// SPDX-License-Identifier: MIT
#include "os/trace_reader.hpp"

#include <signal.h>

#include <exception>
#include <utility>

#include "os/symbolise.hpp"

namespace clusterless::os {

trace_reader::trace_reader(const crash_record& record)
    : record_(std::make_unique<const crash_record>(record)) {
  thread_ = std::thread([this] {
    // Signals are for the threads of the program.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    try {
      text_ = describe_trace(*record_);
    } catch (const std::exception& caught) {
      text_ = std::string("(the stack could not be read: ") + caught.what() + ")";
    }
    done_.ring();
  });
}

trace_reader::~trace_reader() {
  if (thread_.joinable()) thread_.join();
}

std::string trace_reader::text() {
  if (thread_.joinable()) thread_.join();
  return std::move(text_);
}

}  // namespace clusterless::os
