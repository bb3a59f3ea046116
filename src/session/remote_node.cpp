// SPDX-License-Identifier: MIT
#include "session/remote_node.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <clusterless/error.hpp>

namespace clusterless::session {

namespace {

constexpr core::nanoseconds soon = 1'000'000;
constexpr core::nanoseconds between_tries = 50'000'000;

}  // namespace

// --- the node ----------------------------------------------------------------------------------

remote_node::remote_node(host& on, std::string name, link_place place, core::nanoseconds patience)
    : host_(on),
      name_(std::move(name)),
      place_(std::move(place)),
      give_up_at_(on.now() + patience) {}

remote_node::~remote_node() {
  link_.flush();
  unwatch();
}

void remote_node::unwatch() {
  if (watched_fd_ >= 0) host_.forget(this, -1, watched_fd_, -1);
  watched_fd_ = -1;
}

void remote_node::add(remote_member* who) {
  members_[who->facts().id] = who;
}
void remote_node::remove(remote_member* who) {
  members_.erase(who->facts().id);
}

// The agent tells what it is as soon as the keys fit. One that lacks the key never comes to that.
void remote_node::greet() {
  greeting_->flush();
  link_frame frame;
  if (!greeting_->receive(frame)) {
    if (greeting_->over()) drop_connection(greeting_->why(), true);
    return;
  }
  const auto alike = greets_alike(frame);
  if (!alike) {
    lose("its agent sent what makes no sense");
  } else if (!*alike) {
    lose("its agent is of another build of this program");
  } else {
    link_.attach(greeting_->detach());
    greeting_.reset();
    up_ = true;
  }
}

void remote_node::begin() {
  const auto port = static_cast<std::uint16_t>(place_.port + port_index_);
  try {
    connecting_ = os::begin_connect(place_.address, port);
  } catch (const error& caught) {
    drop_connection(caught.what(), false);
  }
}

// An agent of another task may have the port: the next one is tried then.
void remote_node::drop_connection(std::string why, bool wrong_agent) {
  unwatch();
  connecting_.reset();
  stream_.reset();
  greeting_.reset();
  if (!wrong_agent || last_trouble_.empty()) last_trouble_ = std::move(why);
  port_index_ = (port_index_ + 1) % place_.ports;
  next_try_ = host_.now() + (port_index_ == 0 ? between_tries : 0);
}

void remote_node::reach() {
  if (host_.now() >= give_up_at_) {
    lose("it could not be reached" + (last_trouble_.empty() ? "" : ": " + last_trouble_));
    return;
  }
  if (!connecting_ && !stream_ && !greeting_) {
    if (host_.now() < next_try_) return;
    begin();
  }
  if (connecting_) {
    const auto done = os::connected(connecting_);
    if (!done) return;
    if (!*done) {
      drop_connection(std::strerror(errno), false);
      return;
    }
    stream_ = std::make_unique<os::tls_stream>(
        std::move(connecting_), os::tls_stream::end::connects, place_.identity, place_.key);
    watched_fd_ = stream_->fd();
    host_.watch_output(watched_fd_, this);
  }
  if (greeting_) greet();
  if (!stream_) return;
  switch (stream_->advance()) {
    case os::tls_stream::state::handshaking:
      return;
    case os::tls_stream::state::open:
      greeting_.emplace();
      greeting_->attach(std::move(stream_));
      greeting_->send(wire::link::greeting, 0, own_greeting());
      greet();
      return;
    case os::tls_stream::state::closed:
    case os::tls_stream::state::failed:
      drop_connection(stream_->why(), true);
  }
}

void remote_node::tick() {
  if (lost()) return;
  if (!up_) reach();
  if (up_) deliver();
}

std::optional<core::nanoseconds> remote_node::next_tick() const {
  if (lost()) return std::nullopt;
  if (!up_)
    return connecting_ || stream_ || greeting_ ? host_.now() + soon
                                               : std::max(next_try_, host_.now());
  if (waiting_to_send_) return host_.now() + soon;
  return std::nullopt;
}

void remote_node::readable() {
  tick();
}

void remote_node::deliver() {
  link_frame frame;
  while (!lost() && link_.receive(frame)) {
    if (take(frame)) continue;
    lose("its agent sent what makes no sense");
    return;
  }
  waiting_to_send_ = link_.flush();
  if (!lost() && link_.over()) lose("its connection ended: " + link_.why());
}

bool remote_node::take(link_frame& frame) {
  const auto found = members_.find(frame.member);
  return found != members_.end() && found->second->take(frame);
}

void remote_node::lose(const std::string& why) {
  if (lost()) return;
  why_lost_ = "node " + name_ + " is lost: " + why;
  unwatch();
  connecting_.reset();
  stream_.reset();
  greeting_.reset();
  link_ = {};
  up_ = false;
  last_moments how;
  how.why.cause = cause::node_lost;
  how.why.message = why_lost_;
  std::vector<remote_member*> gone;
  for (const auto& [id, each] : members_)
    if (each->alive()) gone.push_back(each);
  for (auto* each : gone) {
    last_moments end = how;
    const whereabouts at = each->where();
    end.was_ready = true;
    if (at.running != 0) {
      end.run = at.run;
      end.item = at.running - 1;
    }
    each->over(end);
  }
}

// --- its processes -----------------------------------------------------------------------------

remote_member::remote_member(remote_node& on, member_events& to, member_facts facts)
    : member(std::move(facts)), node_(on), events_(to) {
  node_.add(this);
}

remote_member::~remote_member() {
  try {
    if (alive_) kill(os::own_kill::cancel);
  } catch (...) {  // it ends with the link then, as all of that node do
  }
  node_.remove(this);
}

void remote_member::start() {
  if (alive_) return;
  if (node_.lost()) throw error(error_kind::failed, node_.why_lost());
  wire::link_start order{};
  order.count = facts().count;
  order.pool = facts().pool;
  order.nodes = static_cast<std::int32_t>(facts().nodes.size());
  order.omp_threads = facts().omp_threads;
  const std::string names = names_of(facts());
  node_.link().send(wire::link::start, facts().id, order, os::payload_of(names));
  alive_ = true;
  ending_ = false;
  where_ = {};
  node_.tick();
}

void remote_member::send(wire::type type, const void* fixed, std::size_t fixed_size,
                         os::payload what, const detail::segment_list& beside) {
  node_.link().send(wire::link::message, facts().id, type, fixed, fixed_size, what, beside);
  node_.link().flush();
}

void remote_member::stop(std::uint64_t job_run) {
  node_.link().send(wire::link::stop, facts().id, wire::link_number{job_run});
}

void remote_member::end_by(wire::link how, std::uint64_t number) {
  if (!alive_ || ending_) return;
  ending_ = true;
  node_.link().send(how, facts().id, wire::link_number{number});
  node_.link().flush();
}

void remote_member::kill(os::own_kill why) {
  end_by(wire::link::kill, static_cast<std::uint64_t>(why));
}

void remote_member::kill_with_stack(core::nanoseconds timeout) {
  end_by(wire::link::kill_with_stack, static_cast<std::uint64_t>(timeout));
}

bool remote_member::take(link_frame& frame) {
  switch (frame.kind) {
    case wire::link::message: {
      if (!alive_) return true;
      os::message what;
      what.type = frame.type;
      what.fixed = frame.fixed.data();
      what.fixed_size = frame.fixed.size();
      what.data = frame.data();
      what.size = frame.size;
      what.shared = frame.large;
      what.beside = std::move(frame.beside);
      events_.received(*this, what);
      return true;
    }
    case wire::link::printed:
      events_.printed(*this, {reinterpret_cast<const char*>(frame.data()), frame.size});
      return true;
    case wire::link::where: {
      const auto got = wire::fixed_part<wire::link_where>(frame.fixed.data(), frame.fixed.size());
      if (got) where_ = {got->run, got->running, got->asked};
      return got.has_value();
    }
    case wire::link::died: {
      const auto got = wire::fixed_part<wire::link_died>(frame.fixed.data(), frame.fixed.size());
      if (!got || got->cause > static_cast<std::uint32_t>(cause::cancelled)) return false;
      last_moments how;
      auto words = core::split_zero_ended(frame.data(), frame.size);
      words.resize(3);
      how.why.cause = static_cast<cause>(got->cause);
      how.why.type = words[0];
      how.why.message = words[1];
      how.trace = words[2];
      how.was_ready = got->was_ready != 0;
      how.run = got->run;
      how.item = got->item;
      if (alive_) over(how);
      return true;
    }
    default:
      return false;
  }
}

void remote_member::over(const last_moments& how) {
  alive_ = false;
  ending_ = false;
  where_ = {};
  events_.died(*this, how);
}

}  // namespace clusterless::session
