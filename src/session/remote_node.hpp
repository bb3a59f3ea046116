// SPDX-License-Identifier: MIT
// Another node of a task, on another host: the link to its agent and the processes there as the
// supervisor sees them. It is reached for as long as the patience lasts; when the link ends later
// the node is lost, and with it the attempts of what ran there, nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "os/tcp.hpp"
#include "os/tls_stream.hpp"
#include "session/host.hpp"
#include "session/host_link.hpp"
#include "session/link_file.hpp"
#include "session/member.hpp"

namespace clusterless::session {

class remote_member;

class remote_node final : public watched {
 public:
  /// `patience`: how long to try to reach it, from now on.
  remote_node(host& on, std::string name, link_place place, core::nanoseconds patience);
  ~remote_node() override;

  const std::string& name() const noexcept { return name_; }
  bool reached() const noexcept { return up_; }
  bool lost() const noexcept { return !why_lost_.empty(); }
  /// Why, in words.
  const std::string& why_lost() const noexcept { return why_lost_; }
  host_link& link() noexcept { return link_; }
  void add(remote_member* who);
  void remove(remote_member* who);
  /// Gives the node up; its agent ends the processes there.
  void lose(const std::string& why);
  /// Goes on with connecting, sends what waits.
  void tick();
  std::optional<core::nanoseconds> next_tick() const;
  void readable() override;

 private:
  void reach();
  void begin();
  void drop_connection(std::string why, bool wrong_agent);  ///< a copy: why it goes is its own
  void greet();
  void deliver();
  bool take(link_frame& frame);
  void unwatch();

  host& host_;
  std::string name_;
  link_place place_;
  core::nanoseconds give_up_at_;
  core::nanoseconds next_try_ = 0;
  int port_index_ = 0;
  os::unique_fd connecting_;
  std::unique_ptr<os::tls_stream> stream_;  // in its handshake
  std::optional<host_link> greeting_;       // over which both ends say what they are
  host_link link_;                          // what is sent before it is up waits here
  int watched_fd_ = -1;
  bool up_ = false;
  bool waiting_to_send_ = false;
  std::string last_trouble_;
  std::string why_lost_;
  std::map<int, remote_member*> members_;
};

/// A process on a remote node.
class remote_member final : public member {
 public:
  remote_member(remote_node& on, member_events& to, member_facts facts);
  ~remote_member() override;

  bool alive() const noexcept override { return alive_; }
  bool reachable() const noexcept override { return node_.reached(); }
  bool lost() const noexcept override { return node_.lost(); }
  void start() override;
  using member::send;
  void send(wire::type type, const void* fixed, std::size_t fixed_size, os::payload what,
            const detail::segment_list& beside) override;
  whereabouts where() const override { return where_; }
  void stop(std::uint64_t job_run) override;
  void kill(os::own_kill why) override;
  void kill_with_stack(core::nanoseconds timeout) override;
  bool ending() const noexcept override { return alive_ && ending_; }
  void drain_output() override {}  // the agent sends output before what follows it
  void end_output() override {}
  void tick() override {}
  std::optional<core::nanoseconds> next_tick() const override { return std::nullopt; }

  /// A frame from its agent; false when it makes no sense.
  bool take(link_frame& frame);
  /// It is gone.
  void over(const last_moments& how);

 private:
  void end_by(wire::link how, std::uint64_t number);

  remote_node& node_;
  member_events& events_;
  whereabouts where_;
  bool alive_ = false;
  bool ending_ = false;
};

}  // namespace clusterless::session
