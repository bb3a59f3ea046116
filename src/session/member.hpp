// SPDX-License-Identifier: MIT
// One process of a session as its supervisor sees it: started when first needed, fed over its
// channel, its output read line by line, its death explained. Knows processes and messages, not
// items; what to run is the session's business.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <clusterless/error.hpp>

#include "core/wire.hpp"
#include "os/channel.hpp"
#include "os/death.hpp"
#include "os/process.hpp"
#include "session/host.hpp"

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

class member final : public watched {
 public:
  member(host& on, member_events& to, member_facts facts);
  ~member() override;

  const member_facts& facts() const noexcept { return facts_; }
  bool alive() const noexcept { return static_cast<bool>(process_); }
  /// Starts the process if it is not running; throws `error` when it cannot be started.
  void start();
  os::channel& link() { return *channel_; }
  os::channel& link() const { return *channel_; }
  /// Ends the process; the reason is kept for the explanation of its death.
  void kill(os::own_kill why);
  /// Asks for a stack first and kills a moment later.
  void kill_with_stack(core::nanoseconds timeout);
  bool ending() const noexcept { return over_ || (alive() && reason_ != os::own_kill::none); }
  void drain_output();
  /// The same for an item that is over: what it began as a last line is a line.
  void end_output();
  /// Sends what waits; continues an end that was begun. Called now and then.
  void tick();
  /// When tick() should be called again; nothing when it need not.
  std::optional<core::nanoseconds> next_tick() const;
  void told() override;
  void readable() override;
  void ended() override;

 private:
  void say_hello();
  void lines(std::string_view text);
  void stop_watching();

  host& host_;
  member_events& events_;
  member_facts facts_;
  os::child_process process_;
  std::unique_ptr<os::channel> channel_;
  os::unique_fd output_;
  int pidfd_ = -1;
  std::string partial_;
  os::own_kill reason_ = os::own_kill::none;
  core::nanoseconds timeout_ = 0;
  std::optional<core::nanoseconds> kill_at_;
  bool waiting_to_send_ = false;
  bool ready_ = false;
  bool over_ = false;  // it is gone, and what it has sent is being read
};

}  // namespace clusterless::session
