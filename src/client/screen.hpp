// SPDX-License-Identifier: MIT
// What a program that uses pools shows while jobs run: lines that items print, on standard output;
// notes and progress, on standard error: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "core/job_book.hpp"

namespace clusterless::client {

class job;

class screen {
 public:
  explicit screen(bool verbose);
  ~screen();

  void note(const std::string& line);
  /// A note that costs money to miss: printed in any case.
  void warn(const std::string& line);
  /// Lines printed by a process of a task; `who` tells which.
  void printed(const std::string& who, std::string_view lines);
  /// Shows how the jobs stand, if it is time to.
  void update(const std::list<std::shared_ptr<job>>& running, core::nanoseconds now);
  /// When update() wants to be called again; negative: not before something happens.
  core::nanoseconds next_update() const noexcept { return next_; }
  /// How long after it begins a job may want to be shown.
  core::nanoseconds patience() const noexcept;
  /// Says how a job that Ctrl-C ended can be taken up again.
  void interrupted(const job& which);
  /// A job has finished; its bar or line is closed.
  void finished(const job& which, core::nanoseconds now);

 private:
  struct watched {
    const job* of = nullptr;
    core::nanoseconds since = 0;
    core::nanoseconds next = 0;  ///< when it is shown again
    bool shown = false;
  };
  watched& watch(const job& of, core::nanoseconds now);
  std::string line_for(const job& of, core::nanoseconds elapsed) const;
  void clear_bar();
  void draw_bar(const std::string& line);

  bool verbose_;
  bool terminal_;
  bool bar_drawn_ = false;
  std::list<watched> watched_;
  core::nanoseconds next_ = -1;
};

}  // namespace clusterless::client
