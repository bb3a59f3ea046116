// SPDX-License-Identifier: MIT
#include "session/node_agent.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <clusterless/error.hpp>

#include "core/defaults.hpp"
#include "os/tcp.hpp"
#include "session/host.hpp"
#include "session/host_link.hpp"
#include "session/link_file.hpp"
#include "session/local_member.hpp"
#include "session/task_hosts.hpp"

namespace clusterless::session {

namespace {

constexpr core::nanoseconds next_send = 1'000'000;
constexpr core::nanoseconds between_looks = 20'000'000;

/// Takes connections until one of them has the key and greets as this build does.
class door final : public watched {
 public:
  door(host& on, link_place place, const std::vector<std::string>& addresses)
      : host_(on),
        place_(std::move(place)),
        at_(os::listen_on(addresses, place_.port, place_.ports)) {
    host_.watch_output(at_.socket.get(), this);
  }
  ~door() override {
    host_.forget(this, -1, at_.socket.get(), -1);
    for (auto& each : callers_)
      host_.forget(&each, -1, each.fd, -1);
  }

  void readable() override {
    constexpr std::size_t most_callers = 64;
    while (os::unique_fd got = os::accept_from(at_)) {
      if (callers_.size() >= most_callers) callers_.pop_front();
      auto& made = callers_.emplace_back();
      made.stream = std::make_unique<os::tls_stream>(std::move(got), os::tls_stream::end::accepts,
                                                     place_.identity, place_.key);
      made.fd = made.stream->fd();
      host_.watch_output(made.fd, &made);
    }
  }
  /// The supervisor's stream, when it has come.
  std::unique_ptr<os::tls_stream> take_stream() {
    for (auto it = callers_.begin(); it != callers_.end();) {
      auto each = it++;
      const auto state = each->stream->advance();
      if (state == os::tls_stream::state::handshaking) continue;
      host_.forget(&*each, -1, each->fd, -1);
      auto stream = std::move(each->stream);
      callers_.erase(each);
      if (state == os::tls_stream::state::open) return stream;
    }
    return nullptr;
  }

 private:
  struct caller final : watched {
    std::unique_ptr<os::tls_stream> stream;
    int fd = -1;
  };
  host& host_;
  link_place place_;
  os::listener at_;
  std::list<caller> callers_;
};

/// A task that is cleared away takes its link file along.
class folder_watch {
 public:
  folder_watch(const host& on, std::string file) : host_(on), file_(std::move(file)) {}
  bool gone() {
    if (host_.now() < next_) return false;
    next_ = host_.now() + defaults::folder_look_ns;
    return ::access(file_.c_str(), F_OK) != 0;
  }
  core::nanoseconds next() const noexcept { return next_; }

 private:
  const host& host_;
  std::string file_;
  core::nanoseconds next_ = 0;
};

class node_agent final : public member_events, public watched {
 public:
  node_agent(host& on, std::unique_ptr<os::tls_stream> stream, folder_watch folder)
      : host_(on), fd_(stream->fd()), folder_(std::move(folder)) {
    link_.attach(std::move(stream));
    link_.send(wire::link::greeting, 0, own_greeting());
    host_.watch_output(fd_, this);
  }
  ~node_agent() override { host_.forget(this, -1, fd_, -1); }

  void serve() {
    readable();
    while (!over_ && !link_.over() && !folder_.gone()) {
      host_.poll_messages();
      for (auto& [id, each] : processes_)
        each.process->tick();
      look();
      waiting_to_send_ = link_.flush();
      host_.sleep(deadline(), [](bool) {});
    }
  }

  void readable() override {
    link_frame frame;
    while (!over_ && link_.receive(frame))
      if (!take(frame)) over_ = true;
  }

  void received(member& from, os::message& what) override {
    auto& who = processes_.at(from.facts().id);
    switch (what.type) {
      case wire::type::outcomes: {
        const auto got = wire::fixed_part<wire::outcomes>(what.fixed, what.fixed_size);
        if (got && got->last != 0) run_over(who);
        break;
      }
      case wire::type::item_failed:
        run_over(who);
        break;
      case wire::type::want_broadcast:
        if (answer_from_here(who, what)) return;
        break;
      default:
        break;
    }
    // What it printed before it said this comes first.
    from.drain_output();
    link_.send(wire::link::message, from.facts().id, what.type, what.fixed, what.fixed_size,
               {what.data, what.size, what.shared}, what.beside);
  }

  void printed(member& by, std::string_view text) override {
    link_.send(wire::link::printed, by.facts().id, wire::type{}, nullptr, 0, os::payload_of(text),
               {});
  }

  void died(member& who, const last_moments& how) override {
    auto& charged = processes_.at(who.facts().id);
    charged.runs = 0;
    for (auto& [wanted, asking] : asking_)
      std::erase(asking, who.facts().id);
    wire::link_died facts{};
    facts.cause = static_cast<std::uint32_t>(how.why.cause);
    facts.was_ready = how.was_ready;
    facts.run = how.run;
    facts.item = how.item;
    const std::string words = core::zero_ended({how.why.type, how.why.message, how.trace});
    link_.send(wire::link::died, who.facts().id, facts, os::payload_of(words));
  }

 private:
  using value_key = std::pair<std::uint64_t, std::uint64_t>;
  struct charge {
    std::unique_ptr<local_member> process;
    whereabouts told = {};
    int runs = 0;  ///< sent to it and not over
  };
  struct value {
    std::vector<std::byte> small = {};
    detail::segment_ptr large = {};
    std::size_t size = 0;
    detail::segment_list beside = {};
    os::payload payload() const { return {large ? large->data : small.data(), size, large}; }
  };

  void run_over(charge& who) {
    who.process->end_output();
    if (who.runs > 0) --who.runs;
  }

  core::nanoseconds deadline() const {
    core::nanoseconds next = folder_.next();
    const auto at = [&next](core::nanoseconds when) { next = std::min(next, when); };
    if (waiting_to_send_) at(host_.now() + next_send);
    for (const auto& [id, each] : processes_) {
      if (const auto when = each.process->next_tick()) at(*when);
      if (each.runs != 0) at(host_.now() + between_looks);
    }
    return next;
  }

  /// Tells where processes are that have gone on since.
  void look() {
    for (auto& [id, each] : processes_) {
      if (!each.process->alive() || each.runs == 0) continue;
      const whereabouts now = each.process->where();
      if (now.run == each.told.run && now.running == each.told.running &&
          now.asked == each.told.asked)
        continue;
      each.told = now;
      link_.send(wire::link::where, id, wire::link_where{now.run, now.running, now.asked});
    }
  }

  bool take(link_frame& frame) {
    if (!greeted_) return greeted_ = greets_alike(frame).value_or(false);
    if (frame.kind == wire::link::start) return start(frame);
    const auto found = processes_.find(frame.member);
    if (found == processes_.end()) return false;
    auto& who = found->second;
    const auto number = wire::fixed_part<wire::link_number>(frame.fixed.data(), frame.fixed.size());
    switch (frame.kind) {
      case wire::link::message:
        pass_on(who, frame);
        return true;
      case wire::link::stop:
        if (number && who.process->alive()) who.process->stop(number->value);
        return number.has_value();
      case wire::link::kill:
        if (!number || number->value > static_cast<std::uint64_t>(os::own_kill::node_loss))
          return false;
        who.process->kill(static_cast<os::own_kill>(number->value));
        return true;
      case wire::link::kill_with_stack:
        if (number) who.process->kill_with_stack(static_cast<core::nanoseconds>(number->value));
        return number.has_value();
      default:
        return false;
    }
  }

  bool start(const link_frame& frame) {
    const auto got = wire::fixed_part<wire::link_start>(frame.fixed.data(), frame.fixed.size());
    if (!got || frame.member < 1 || got->nodes < 1) return false;
    member_facts facts;
    facts.id = frame.member;
    facts.count = got->count;
    facts.pool = got->pool;
    facts.omp_threads = got->omp_threads;
    const auto names = core::split_zero_ended(frame.data(), frame.size);
    if (names.size() != static_cast<std::size_t>(got->nodes) + 1) return false;
    facts.node = names.front();
    facts.nodes.assign(names.begin() + 1, names.end());
    auto& who = processes_[frame.member];
    if (!who.process) who.process = std::make_unique<local_member>(host_, *this, std::move(facts));
    who.told = {};
    who.runs = 0;
    try {
      who.process->start();
    } catch (const error& caught) {
      last_moments how;
      how.why.cause = cause::killed;
      how.why.message = caught.what();
      died(*who.process, how);
    }
    return true;
  }

  void pass_on(charge& who, link_frame& frame) {
    if (frame.type == wire::type::broadcast_data) {
      share(frame);
      return;
    }
    if (frame.type == wire::type::forget_broadcast)
      if (const auto name =
              wire::fixed_part<wire::broadcast_key>(frame.fixed.data(), frame.fixed.size()))
        values_.erase({name->key[0], name->key[1]});
    if (!who.process->alive()) return;  // its death is on the way to the supervisor
    if (frame.type == wire::type::run) ++who.runs;
    who.process->send(frame.type, frame.fixed.data(), frame.fixed.size(), frame.payload(),
                      frame.beside);
  }

  // --- broadcast values: they cross the link once, whoever of the node asks ---

  bool answer_from_here(charge& who, const os::message& what) {
    const auto name = wire::fixed_part<wire::broadcast_key>(what.fixed, what.fixed_size);
    if (!name) return false;
    const value_key wanted{name->key[0], name->key[1]};
    const auto found = values_.find(wanted);
    if (found != values_.end()) {
      who.process->send(wire::type::broadcast_data, *name, found->second.payload(),
                        found->second.beside);
      return true;
    }
    auto& asking = asking_[wanted];
    asking.push_back(who.process->facts().id);
    return asking.size() > 1;
  }

  void share(link_frame& frame) {
    const auto name = wire::fixed_part<wire::broadcast_key>(frame.fixed.data(), frame.fixed.size());
    if (!name) return;
    const value_key which{name->key[0], name->key[1]};
    value got{std::move(frame.small), std::move(frame.large), frame.size, std::move(frame.beside)};
    const auto asking = std::exchange(asking_[which], {});
    asking_.erase(which);
    for (const int id : asking) {
      auto& who = *processes_.at(id).process;
      if (who.alive()) who.send(wire::type::broadcast_data, *name, got.payload(), got.beside);
    }
    if (got.size != 0) values_[which] = std::move(got);
  }

  host& host_;
  int fd_;
  folder_watch folder_;
  host_link link_;
  std::map<int, charge> processes_;
  std::map<value_key, value> values_;
  std::map<value_key, std::vector<int>> asking_;  ///< who waits for a value that was asked for
  bool greeted_ = false;
  bool over_ = false;
  bool waiting_to_send_ = false;
};

std::vector<std::string> addresses_for(const link_place& place) {
  if (const char* told = std::getenv(agent_address_variable)) return {told};
  auto hosts = task_hosts();
  if (hosts.size() < 2) return {place.address};
  hosts.erase(hosts.begin());
  return hosts;
}

std::unique_ptr<os::tls_stream> wait_for_call(host& on, const link_place& place,
                                              folder_watch& folder) {
  door at(on, place, addresses_for(place));
  const core::nanoseconds give_up_at = on.now() + defaults::agent_patience_ns;
  for (;;) {
    if (auto stream = at.take_stream()) return stream;
    if (on.now() >= give_up_at || folder.gone()) return nullptr;
    on.sleep(std::min(give_up_at, folder.next()), [](bool) {});
  }
}

}  // namespace

int agent_main(const std::string& link_file) {
  ::unsetenv(agent_variable);
  try {
    host here;
    folder_watch folder(here, link_file);
    auto stream = wait_for_call(here, read_link_file(link_file), folder);
    if (!stream) {
      std::fputs("clusterless: the agent of this node was never called; it gives up\n", stderr);
      return 1;
    }
    node_agent agent(here, std::move(stream), folder);
    agent.serve();
    return 0;
  } catch (const std::exception& caught) {
    std::fprintf(stderr, "clusterless: the agent of this node cannot go on: %s\n", caught.what());
    return 1;
  }
}

}  // namespace clusterless::session
