// SPDX-License-Identifier: MIT
// One process of a session as its supervisor sees it: started when first needed, sent messages, its
// output read line by line, its death explained. It is a child of the supervisor (local_member) or
// runs on another host (remote_member). Knows processes and messages, not items; what to run is the
// session's business.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <clusterless/error.hpp>

#include "core/job_book.hpp"
#include "core/text.hpp"
#include "core/wire.hpp"
#include "os/channel.hpp"
#include "os/death.hpp"

namespace clusterless::session {

class member;

/// What is known of a process that died.
struct last_moments {
  os::death why = {};
  std::string trace = {};
  bool was_ready = false;  ///< it had come as far as its first message
  std::uint64_t run = 0;   ///< key of the run it worked on, 0: none
  std::uint64_t item = 0;  ///< index in that run of the item it was in
};

class member_events {
 public:
  virtual ~member_events() = default;
  virtual void received(member& from, os::message& what) = 0;
  /// Whole lines, each with its line break, or the rest of a last one.
  virtual void printed(member& by, std::string_view text) = 0;
  /// The process is gone; all its messages and output have been delivered.
  virtual void died(member& who, const last_moments& how) = 0;
};

/// Standing facts of a process.
struct member_facts {
  int id = 1;
  int count = 1;
  int pool = 1;
  int omp_threads = 1;
  std::string node = {};
  std::vector<std::string> nodes = {};
};

/// The names a process is told: its node's, then those of all nodes; each ended by a zero byte.
inline std::string names_of(const member_facts& facts) {
  return core::zero_ended({facts.node}) + core::zero_ended(facts.nodes);
}

/// What a process is at, as it last said.
struct whereabouts {
  std::uint64_t run = 0;      ///< key of the run it works on
  std::uint64_t running = 0;  ///< 1 + index in that run of the item it is in, 0: none
  std::uint64_t asked = 0;    ///< key of the last job's run whose items asked whether to stop
};

class member {
 public:
  explicit member(member_facts facts) : facts_(std::move(facts)) {}
  virtual ~member() = default;
  member(const member&) = delete;
  member& operator=(const member&) = delete;

  const member_facts& facts() const noexcept { return facts_; }
  virtual bool alive() const noexcept = 0;
  /// False while its node has not been reached yet: what is sent waits for that.
  virtual bool reachable() const noexcept { return true; }
  /// True when it cannot be started (again): its node is gone.
  virtual bool lost() const noexcept { return false; }
  /// Starts the process if it is not running; throws `error` when it cannot be started.
  virtual void start() = 0;
  /// Sends a message, in time; for processes that are alive.
  virtual void send(wire::type type, const void* fixed, std::size_t fixed_size, os::payload what,
                    const detail::segment_list& beside) = 0;
  template <class T>
  void send(wire::type type, const T& fixed, os::payload what = {},
            const detail::segment_list& beside = {}) {
    send(type, &fixed, sizeof fixed, std::move(what), beside);
  }
  virtual whereabouts where() const = 0;
  /// Items of this run of the job are to stop when they ask.
  virtual void stop(std::uint64_t job_run) = 0;
  /// Words in which runs that wait behind another are claimed, where memory is shared; else none.
  virtual std::span<std::atomic<std::uint64_t>> claims() const { return {}; }
  /// Ends the process; the reason is kept for the explanation of its death.
  virtual void kill(os::own_kill why) = 0;
  /// Asks for a stack first and kills a moment later.
  virtual void kill_with_stack(core::nanoseconds timeout) = 0;
  virtual bool ending() const noexcept = 0;
  /// Delivers what it has printed so far.
  virtual void drain_output() = 0;
  /// The same for an item that is over: what it began as a last line is a line.
  virtual void end_output() = 0;
  /// Sends what waits; continues an end that was begun. Called now and then.
  virtual void tick() = 0;
  /// When tick() should be called again; nothing when it need not.
  virtual std::optional<core::nanoseconds> next_tick() const = 0;

 private:
  member_facts facts_;
};

}  // namespace clusterless::session
