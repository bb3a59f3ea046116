// SPDX-License-Identifier: MIT
#include "session/worker.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <thread>
#include <utility>

#include <clusterless/codec.hpp>

#include "core/defaults.hpp"
#include "core/text.hpp"
#include "os/program.hpp"
#include "os/steady_clock.hpp"
#include "session/broadcasts.hpp"
#include "session/context.hpp"
#include "session/directories.hpp"
#include "session/forked_child.hpp"
#include "session/pending_map.hpp"
#include "session/roles.hpp"
#include "session/supervisor_watch.hpp"

namespace clusterless::session {

namespace {

/// What the item printed goes out before its outcome does.
void flush_output() {
  if (__fpending(stdout) != 0) std::fflush(stdout);
  std::cout.flush();
}

// An item may have left for another directory.
void go_to(const os::unique_fd& directory) {
  [[maybe_unused]] const bool went = directory && ::fchdir(directory.get()) == 0;
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "clusterless: %s\n", why.c_str());
  std::fflush(nullptr);
  std::_Exit(120);
}

os::channel open_channel(int socket) {
  auto got = receive_worker_descriptors(socket);
  return os::channel(os::unique_fd(socket), std::move(got.area), std::move(got.bell_page),
                     std::move(got.bell_event), got.number);
}

}  // namespace

worker::worker(int socket)
    : link_(open_channel(socket)), home_(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {}
worker::~worker() = default;

void worker::serve() {
  while (!quit_) {
    if (later_.empty()) {
      take_one();
      continue;
    }
    const given_run next = std::move(later_.front());
    later_.pop_front();
    begin(next);
  }
}

void worker::take_one() {
  os::message message;
  while (!link_.receive(message)) {
    if (link_.broken()) give_up("the messages of the supervisor make no sense; ending");
    link_.flush();
    if (link_.wait_awake()) continue;
    if (std::exchange(ran_, false)) keep_watch();
    link_.wait_asleep();
  }
  switch (message.type) {
    case wire::type::hello:
      on_hello(message);
      break;
    case wire::type::define_call:
      on_define(message);
      break;
    case wire::type::run:
      on_run(message);
      return;  // has let go of the message itself
    case wire::type::nested_outcomes:
      on_nested_outcomes(message);
      break;
    case wire::type::broadcast_data:
      on_broadcast(message);
      break;
    case wire::type::forget_broadcast:
      if (const auto got = wire::fixed_part<wire::broadcast_key>(message.fixed, message.fixed_size))
        drop_broadcast(got->key);
      break;
    case wire::type::forget_call:
      if (const auto got = wire::fixed_part<wire::call_key>(message.fixed, message.fixed_size))
        calls_.erase(got->call);
      break;
    case wire::type::quit:
      quit_ = true;
      break;
    default:
      give_up("a message of an unknown kind arrived; ending");
  }
  link_.done(message);
}

void worker::on_hello(os::message& what) {
  const auto got = wire::fixed_part<wire::hello>(what.fixed, what.fixed_size);
  if (!got || got->version != wire::version ||
      std::memcmp(got->build_id, os::this_build().data(), sizeof got->build_id) != 0) {
    os::build_id theirs{};
    if (got) std::memcpy(theirs.data(), got->build_id, theirs.size());
    give_up("this worker is build " + os::to_hex(os::this_build()) + " of " + os::program_path() +
            " and the client is build " + os::to_hex(theirs) +
            "; run the program again with one build everywhere");
  }
  watch_supervisor(got->supervisor_pid);
  settle_directories(got->supervisor_pid);
  auto& here = this_context();
  here.link = this;
  here.id = got->id;
  here.count = got->count;
  here.pool = got->pool;
  const auto names = core::split_zero_ended(what.data, what.size);
  if (!names.empty()) {
    here.node = names.front();
    here.nodes.assign(names.begin() + 1, names.end());
  }
  greeted_ = true;
  wire::ready ready{};
  ready.version = wire::version;
  ready.pid = ::getpid();
  std::memcpy(ready.build_id, os::this_build().data(), sizeof ready.build_id);
  link_.send(wire::type::ready, ready);
}

void worker::on_define(os::message& what) {
  const auto got = wire::fixed_part<wire::define_call>(what.fixed, what.fixed_size);
  if (!got || got->env_bytes > what.size) give_up("a malformed call arrived; ending");
  known_call call;
  try {
    call.what.function = function_at({got->entry_offset, got->target_offset});
    reader bound(what.data + got->env_bytes, what.size - got->env_bytes, &what.beside);
    const auto* entry = call.what.function.entry;
    call.bound = {entry->decode_bound(bound), [entry](void* values) { entry->drop_bound(values); }};
    call.what.bound = call.bound.get();
    expect_end(bound);
  } catch (const std::exception& caught) {
    give_up(std::string("a call that cannot be made arrived: ") + caught.what());
  }
  call.what.max_bytes = static_cast<std::size_t>(got->max_item_bytes);
  call.what.by_reference = got->by_reference != 0;
  call.env.assign(reinterpret_cast<const char*>(what.data), got->env_bytes);
  calls_[got->call] = std::move(call);
}

void worker::on_run(os::message& what) {
  const auto run = wire::fixed_part<wire::run>(what.fixed, what.fixed_size);
  const auto found = run ? calls_.find(run->call) : calls_.end();
  if (found == calls_.end()) give_up("a run of an unknown call arrived; ending");
  given_run given;
  given.run = *run;
  given.call = found->second;
  given.beside = std::move(what.beside);
  given.size = what.size;
  // The ring goes on while the items run, so what lies in it is copied out.
  if (what.shared) {
    given.shared = std::move(what.shared);
    given.data = what.data;
  } else {
    given.copied.assign(what.data, what.data + what.size);
    given.data = given.copied.data();
  }
  link_.done(what);
  // Another item of the job is nobody's help to the one that waits here.
  if (run->depth == 0 && depth_ != 0)
    later_.push_back(std::move(given));
  else
    begin(given);
}

void worker::begin(const given_run& what) {
  if (what.run.claim - 1 < std::size(link_.area().claims)) {
    std::uint64_t mine = what.run.key;
    auto& claim = link_.area().claims[what.run.claim - 1];
    if (!claim.compare_exchange_strong(mine, 0)) return;  // it was taken back
  }
  // A map of this process may have ended while an item of it was on its way here.
  if (what.run.owner == this_context().id && maps_.count(what.run.map) == 0) return;
  const std::string outer = environment_.current();
  environment_.apply(what.call.env);
  ++depth_;
  run_items(what);
  --depth_;
  ran_ = depth_ == 0;
  if (depth_ != 0) environment_.apply(outer);
  link_.flush();
  if (depth_ == 0) go_to(home_);
}

void worker::run_items(const given_run& what) {
  const wire::run& run = what.run;
  auto& here = this_context();
  auto& area = link_.area();
  const auto outer = here;
  const std::uint64_t outer_run = area.run_key.load(std::memory_order_relaxed);
  const std::uint64_t outer_item = area.running.load(std::memory_order_relaxed);
  here.attempt = static_cast<int>(run.attempt);
  here.task = run.task;
  here.root = run.root;
  here.scratch.clear();
  here.before_scratch = -1;
  area.running.store(0, std::memory_order_relaxed);
  area.run_key.store(run.key, std::memory_order_release);

  detail::buffer out;
  detail::segment_list out_beside;
  std::uint64_t ready = 0;
  std::int64_t started = os::steady_ns();
  const auto send_values = [&](bool last) {
    const std::int64_t now = os::steady_ns();
    wire::outcomes head{run.key, ready, static_cast<std::uint64_t>(now - started), last, 0};
    link_.send(wire::type::outcomes, head, {out.data(), out.size(), out.shared()}, out_beside);
    started = now;
    ready = 0;
    if (out.shared()) out = detail::buffer();
    out.clear();
    out_beside.clear();
  };

  detail::pack_cursor cursor(what.data, what.size);
  detail::entry_view entry;
  bool failed = false;
  for (std::uint64_t i = 0; i < run.count && !failed; ++i) {
    if (area.stop.load(std::memory_order_relaxed) == run.root) break;
    if (!cursor.next(entry)) give_up("a damaged pack of items arrived; ending");
    here.item = run.first + i;
    area.running.store(i + 1, std::memory_order_release);
    const std::size_t before = out.size();
    failed = !run_item(what.call.what, here.item, entry, what.beside, out, out_beside);
    if (in_forked_child()) end_forked_child();
    flush_output();
    drop_scratch();
    if (failed) {
      detail::pack_cursor last(out.data() + before, out.size() - before);
      last.next(entry);
      const std::vector<std::byte> info(entry.body, entry.body + entry.size);
      out.shrink_to(before);
      area.running.store(0, std::memory_order_relaxed);
      if (ready != 0) send_values(false);
      link_.send(wire::type::item_failed, wire::item_failed{run.key},
                 {info.data(), info.size(), {}});
      break;
    }
    ++ready;
    constexpr std::size_t enough = std::size_t{256} << 10;
    const bool look = ready % 16 == 0 || ready == 1 || out.size() >= enough;
    if (i + 1 < run.count && look &&
        (out.size() >= enough || out_beside.size() >= 64 ||
         os::steady_ns() - started > defaults::pack_ns))
      send_values(false);
  }
  area.running.store(0, std::memory_order_relaxed);
  if (!failed) send_values(true);
  area.run_key.store(outer_run, std::memory_order_relaxed);
  area.running.store(outer_item, std::memory_order_relaxed);
  here = outer;
}

void worker::on_nested_outcomes(os::message& what) {
  const auto got = wire::fixed_part<wire::nested_outcomes>(what.fixed, what.fixed_size);
  if (!got) give_up("malformed outcomes arrived; ending");
  const auto found = maps_.find(got->map);
  if (found != maps_.end()) found->second->arrived(got->first, got->count, what);
}

detail::job_ptr worker::begin_map(detail::call what, detail::item_source& items, int pinned,
                                  const map_options& options) {
  refuse_in_forked_child();
  if (std::this_thread::get_id() != own_thread_)
    throw error(error_kind::misuse,
                "a nested map was begun in a thread of the item's own; begin it in the thread the "
                "item was called in");
  auto map = std::make_shared<pending_map>(*this, ++last_map_, items);
  maps_[last_map_] = map.get();
  map->begin(what, pinned, options);
  return map;
}

void worker::send_progress(double fraction, const std::string& text) {
  if (in_forked_child() || std::this_thread::get_id() != own_thread_) return;
  constexpr std::int64_t at_least = 50'000'000;  // between two reports
  const std::int64_t now = os::steady_ns();
  if (now - last_progress_ < at_least && fraction < 1) return;
  last_progress_ = now;
  const std::string_view shown = std::string_view(text).substr(0, 200);
  link_.send(wire::type::progress,
             wire::progress{link_.area().run_key.load(std::memory_order_relaxed), fraction},
             {reinterpret_cast<const std::byte*>(shown.data()), shown.size(), {}});
}

bool worker::stop_requested() {
  const std::uint64_t root = this_context().root;
  if (root == 0) return false;
  link_.area().asked.store(root, std::memory_order_relaxed);
  return link_.area().stop.load(std::memory_order_relaxed) == root;
}

void worker::on_broadcast(os::message& what) {
  const auto got = wire::fixed_part<wire::broadcast_key>(what.fixed, what.fixed_size);
  if (!got) give_up("a malformed broadcast arrived; ending");
  arrived_broadcast made;
  made.found = what.size != 0;
  made.beside = std::move(what.beside);
  made.size = what.size;
  if (what.shared) {
    made.shared = std::move(what.shared);
    made.data = what.data;
  } else {
    made.copied.assign(what.data, what.data + what.size);
    made.data = made.copied.data();
  }
  arrived_.emplace(std::pair(got->key[0], got->key[1]), std::move(made));
}

void worker::fetch_broadcast(const std::uint64_t (&key)[2], std::vector<std::byte>& copied,
                             detail::segment_ptr& shared, const std::byte*& data, std::size_t& size,
                             detail::segment_list& beside) {
  refuse_in_forked_child();
  if (std::this_thread::get_id() != own_thread_)
    throw error(
        error_kind::misuse,
        "a broadcast is read for the first time in a thread of the item's own; read it once "
        "in the thread the item was called in, then start the others");
  link_.send(wire::type::want_broadcast, wire::broadcast_key{{key[0], key[1]}});
  // Items that are run meanwhile may ask as well, for the same value or others. Each question gets
  // an answer of its own.
  const std::pair name(key[0], key[1]);
  auto found = arrived_.find(name);
  for (; found == arrived_.end(); found = arrived_.find(name))
    take_one();
  arrived_broadcast got = std::move(found->second);
  arrived_.erase(found);
  if (!got.found)
    throw error(error_kind::failed,
                "a broadcast value is not there: it is another pool's, or its handle is gone");
  copied = std::move(got.copied);
  shared = std::move(got.shared);
  beside = std::move(got.beside);
  size = got.size;
  data = got.data;
}

void worker_main(int socket) {
  ::unsetenv(worker_variable);
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  // Memory of large values is used again and again: give none of it back to the system.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, -1);
  watch_for_forked_children();
  try {
    worker here(socket);
    os::install_crash_handlers(&here.link().area().crash);
    here.serve();
  } catch (const std::exception& caught) {
    give_up(std::string("the worker cannot go on: ") + caught.what());
  }
  std::fflush(nullptr);
  std::_Exit(0);
}

}  // namespace clusterless::session
