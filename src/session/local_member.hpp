// SPDX-License-Identifier: MIT
// A process of a session on the supervisor's own machine: a child, fed over a channel of shared
// memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "os/channel.hpp"
#include "os/process.hpp"
#include "os/trace_reader.hpp"
#include "session/host.hpp"
#include "session/member.hpp"

namespace clusterless::session {

class local_member final : public member, public watched {
 public:
  local_member(host& on, member_events& to, member_facts facts);
  ~local_member() override;

  bool alive() const noexcept override { return static_cast<bool>(process_); }
  void start() override;
  using member::send;
  void send(wire::type type, const void* fixed, std::size_t fixed_size, os::payload what,
            const detail::segment_list& beside) override;
  whereabouts where() const override;
  void stop(std::uint64_t job_run) override;
  std::span<std::atomic<std::uint64_t>> claims() const override;
  void kill(os::own_kill why) override;
  void kill_with_stack(core::nanoseconds timeout) override;
  bool ending() const noexcept override {
    return over_ || trace_ || (alive() && reason_ != os::own_kill::none);
  }
  void drain_output() override;
  void end_output() override;
  void tick() override;
  std::optional<core::nanoseconds> next_tick() const override;

  void told() override;
  void readable() override;
  void ended() override;

 private:
  void say_hello();
  void lines(std::string_view text);
  void stop_watching();
  bool trace_is_awaited();

  host& host_;
  member_events& events_;
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
  bool over_ = false;                        // it is gone, and what it has sent is being read
  std::unique_ptr<os::trace_reader> trace_;  // it is gone, and its stack is being read
};

}  // namespace clusterless::session
