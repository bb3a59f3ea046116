// SPDX-License-Identifier: MIT
#include "session/local_member.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/defaults.hpp"
#include "os/fail.hpp"
#include "os/program.hpp"
#include "os/start_again.hpp"
#include "os/trace_reader.hpp"
#include "session/directories.hpp"
#include "session/roles.hpp"

namespace clusterless::session {

local_member::local_member(host& on, member_events& to, member_facts facts)
    : member(std::move(facts)), host_(on), events_(to) {}

local_member::~local_member() {
  stop_watching();
  if (!alive()) return;
  const pid_t gone = process_.pid();
  process_ = {};
  remove_directories_of(gone);
}

void local_member::stop_watching() {
  if (channel_) host_.forget(this, channel_->number(), output_.get(), pidfd_);
  pidfd_ = -1;
}

void local_member::start() {
  if (alive()) return;
  os::channel::peer_fds peer;
  auto link = std::make_unique<os::channel>(host_.bell(), peer);
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) os::fail("a pipe for a worker's output");
  output_ = os::unique_fd(out[0]);
  const os::unique_fd write_end(out[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);

  auto request = os::start_again(program_arguments());
  request.env = {{worker_variable, "3"}, {"OMP_NUM_THREADS", std::to_string(facts().omp_threads)}};
  request.inherit = peer.socket.get();
  request.output = write_end.get();
  process_ = host_.spawner().start(request);
  pidfd_ = process_.pidfd();
  send_worker_descriptors(link->socket_fd(), peer.area.get(), host_.bell().page_fd(),
                          host_.bell().event_fd(), link->number());
  channel_ = std::move(link);
  reason_ = os::own_kill::none;
  kill_at_.reset();
  ready_ = false;
  host_.watch_bell(channel_->number(), this);
  host_.watch_output(output_.get(), this);
  host_.watch_end(pidfd_, this);
  say_hello();
}

void local_member::say_hello() {
  wire::hello hello{};
  hello.version = wire::version;
  hello.supervisor_pid = ::getpid();
  hello.id = facts().id;
  hello.count = facts().count;
  hello.nodes = static_cast<std::int32_t>(facts().nodes.size());
  hello.pool = facts().pool;
  hello.omp_threads = facts().omp_threads;
  std::memcpy(hello.build_id, os::this_build().data(), sizeof hello.build_id);
  const std::string names = names_of(facts());
  channel_->send(wire::type::hello, hello, os::payload_of(names));
}

void local_member::send(wire::type type, const void* fixed, std::size_t fixed_size,
                        os::payload what, const detail::segment_list& beside) {
  channel_->send(type, fixed, fixed_size, std::move(what), beside);
}

whereabouts local_member::where() const {
  const auto& area = channel_->area();
  whereabouts now;
  now.run = area.run_key.load(std::memory_order_acquire);
  now.running = area.running.load(std::memory_order_relaxed);
  now.asked = area.asked.load();
  return now;
}

void local_member::stop(std::uint64_t job_run) {
  channel_->area().stop.store(job_run);
}

std::span<std::atomic<std::uint64_t>> local_member::claims() const {
  return alive() ? std::span(channel_->area().claims) : std::span<std::atomic<std::uint64_t>>();
}

void local_member::kill(os::own_kill why) {
  if (!alive() || trace_) return;
  if (reason_ == os::own_kill::none) reason_ = why;
  process_.kill_group();
}

void local_member::kill_with_stack(core::nanoseconds timeout) {
  if (!alive() || ending()) return;
  reason_ = os::own_kill::timeout;
  timeout_ = timeout;
  constexpr core::nanoseconds patience = 300'000'000;  // for the stack to be written
  kill_at_ = host_.now() + patience;
  process_.signal(os::stack_request_signal);
}

void local_member::tick() {
  if (!alive()) return;
  waiting_to_send_ = channel_->flush();
  if (kill_at_ && (host_.now() >= *kill_at_ || os::complete(channel_->area().crash))) {
    kill_at_.reset();
    process_.kill_group();
  }
}

std::optional<core::nanoseconds> local_member::next_tick() const {
  constexpr core::nanoseconds soon = 1'000'000;
  if (kill_at_ || waiting_to_send_) return host_.now() + soon;
  return std::nullopt;
}

void local_member::told() {
  os::message message;
  while (channel_ && channel_->receive(message)) {
    if (message.type == wire::type::ready) ready_ = true;
    events_.received(*this, message);
    channel_->done(message);
  }
  if (!channel_) return;
  if (channel_->broken() && alive() && !ending()) kill(os::own_kill::none);
  waiting_to_send_ = channel_->flush();
}

void local_member::readable() {
  drain_output();
}

void local_member::drain_output() {
  char chunk[16384];
  while (output_) {
    const ssize_t n = ::read(output_.get(), chunk, sizeof chunk);
    if (n == 0) {  // the item closed its streams; the process goes on
      host_.unwatch(output_.get());
      output_.reset();
    }
    if (n <= 0) return;
    lines({chunk, static_cast<std::size_t>(n)});
    if (static_cast<std::size_t>(n) < sizeof chunk) return;
  }
}

void local_member::end_output() {
  drain_output();
  if (partial_.empty()) return;
  partial_ += '\n';
  events_.printed(*this, std::exchange(partial_, {}));
}

void local_member::lines(std::string_view text) {
  constexpr std::size_t longest_line = 8192;
  const std::size_t end = text.rfind('\n');
  if (end == std::string_view::npos) {
    partial_ += text;
    if (partial_.size() < longest_line) return;
    partial_ += '\n';
    events_.printed(*this, std::exchange(partial_, {}));
    return;
  }
  if (partial_.empty()) {
    events_.printed(*this, text.substr(0, end + 1));
  } else {
    partial_ += text.substr(0, end + 1);
    events_.printed(*this, std::exchange(partial_, {}));
  }
  partial_ = text.substr(end + 1);
}

// To name the frames of its stack takes long, so the end is dealt with when that is done. Until
// then it is as if the process had died a little later.
bool local_member::trace_is_awaited() {
  const auto& record = channel_->area().crash;
  if (trace_ || !os::complete(record)) return false;
  trace_ = std::make_unique<os::trace_reader>(record);
  host_.unwatch(std::exchange(pidfd_, trace_->done_fd()));
  host_.watch_end(pidfd_, this);
  return true;
}

void local_member::ended() {
  if (trace_is_awaited()) return;
  const pid_t gone = process_.pid();
  auto facts = process_.reap();
  if (!facts) return;
  remove_directories_of(gone);
  over_ = true;  // or an outcome it sent would have it started again in here
  told();        // what it sent before it died
  end_output();
  const auto& record = channel_->area().crash;
  os::death_evidence evidence;
  evidence.wait_status = facts->wait_status;
  evidence.ours = std::exchange(reason_, os::own_kill::none);
  evidence.record = &record;
  evidence.oom_kills = host_.unexplained_oom_kills();
  const std::uint64_t running = channel_->area().running.load(std::memory_order_acquire);
  evidence.in_item = running != 0;
  evidence.timeout = std::chrono::milliseconds(timeout_ / 1'000'000);
  evidence.peak_bytes = facts->peak_bytes;
  last_moments how;
  how.why = os::cause_of_death(evidence);
  if (how.why.cause == cause::out_of_memory) host_.explain_oom_kill();
  if (trace_) how.trace = trace_->text();
  how.was_ready = ready_;
  if (running != 0) {
    how.run = channel_->area().run_key.load(std::memory_order_acquire);
    how.item = running - 1;
  }
  stop_watching();
  trace_.reset();
  channel_.reset();
  output_.reset();
  over_ = false;
  events_.died(*this, how);
}

}  // namespace clusterless::session
