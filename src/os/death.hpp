// SPDX-License-Identifier: MIT
// Why a worker process died, decided from evidence: its wait status, what its supervisor did to it,
// the crash record it left and the kernel's count of out-of-memory kills. The decision is pure; the
// counters are read by `oom_counter`. The clock is never asked.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <clusterless/error.hpp>

#include "os/crash_report.hpp"

namespace clusterless::os {

/// Why the supervisor itself ended the process.
enum class own_kill : std::uint8_t { none, timeout, cancel, node_loss };

/// What is known of a process that has ended.
struct death_evidence {
  int wait_status = 0;                   ///< as waitpid gives it
  own_kill ours = own_kill::none;        ///< set before the supervisor sends its signal
  const crash_record* record = nullptr;  ///< what the process shared; null or not complete: none
  std::uint64_t oom_kills = 0;  ///< growth of `oom_counter` since the process was known to live,
                                ///< less those that explain other deaths
  bool in_item = true;          ///< false: it was between items
  std::chrono::milliseconds timeout{0};  ///< the limit it exceeded, for the words; 0: not told
  std::uint64_t peak_bytes = 0;          ///< its largest resident size (ru_maxrss), 0: unknown
};

/// The cause for error_info::cause, the signal's name ("SIGSEGV", empty when none) for its `type`,
/// and one sentence without a full stop for its `message`.
struct death {
  clusterless::cause cause = clusterless::cause::killed;
  std::string type = {};
  std::string message = {};
};

/// Decides. What the supervisor did wins over what the wait status says, as a process that is told
/// to end may still do so by itself; only a crash of its own with a full record wins over a
/// timeout. A SIGKILL that the supervisor did not send is the kernel's when `oom_kills` > 0, else
/// it came from outside. `wait_status` must be that of a process that has ended.
death cause_of_death(const death_evidence& evidence);

/// "SIGSEGV" for 11, "signal 40" for one without a name.
std::string signal_name(int signal);

/// How many processes the kernel has killed for lack of memory, as far as this process can see.
class oom_counter {
 public:
  /// Reads the first of `files` that has a line "oom_kill <number>", always the same one.
  explicit oom_counter(std::vector<std::string> files);

  /// The count so far; nothing when no file could be read. Costs one open and read (some us).
  std::optional<std::uint64_t> read() const;

  /// The file that is read; empty when there is none.
  const std::string& source() const noexcept { return source_; }

 private:
  std::string source_;
};

/// The counters of a process, the most telling first: memory.events of its cgroup (version 2),
/// memory.oom_control (version 1), and /proc/vmstat, which counts for the whole machine. `root` is
/// put before /proc, for tests.
std::vector<std::string> oom_counter_files(pid_t process, const std::string& root = "");

}  // namespace clusterless::os
