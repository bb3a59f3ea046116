// SPDX-License-Identifier: MIT
#include "task/task_main.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <clusterless/error.hpp>

#include "core/text.hpp"
#include "os/program.hpp"
#include "session/host.hpp"
#include "session/link_file.hpp"
#include "session/task_hosts.hpp"
#include "session/task_session.hpp"
#include "task/item_steps.hpp"
#include "task/task_log.hpp"
#include "task/task_plan.hpp"

namespace clusterless::task {

namespace {

std::atomic<bool> told_to_end = false;
std::atomic<int> bell_to_ring = -1;

extern "C" void end_task(int) {
  told_to_end.store(true);
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(bell_to_ring.load(), &one, sizeof one);
}

/// Hears SIGTERM as long as it is there.
class ending_watch {
 public:
  explicit ending_watch(const session::host& on) {
    bell_to_ring.store(on.bell_fd());
    struct sigaction action {};
    action.sa_handler = end_task;
    ::sigaction(SIGTERM, &action, nullptr);
  }
  ~ending_watch() { bell_to_ring.store(-1); }
  ending_watch(const ending_watch&) = delete;
  ending_watch& operator=(const ending_watch&) = delete;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) throw error(error_kind::failed, "cannot read " + path);
  return text;
}

const std::byte* bytes_in(const std::string& text) {
  return reinterpret_cast<const std::byte*>(text.data());
}

task_plan read_plan(const std::string& folder) {
  if (const char* const text = std::getenv(plan_variable)) {
    const auto plan = plan_from_text(text);
    ::unsetenv(plan_variable);
    return decode_plan(plan.data(), plan.size());
  }
  const std::string file = read_file(folder + "/" + plan_name);
  return decode_plan(bytes_in(file), file.size());
}

std::vector<std::string> own_hosts() {
  auto hosts = session::task_hosts();
  if (!hosts.empty()) return hosts;
  if (const char* const node = std::getenv("AZ_BATCH_NODE_ID")) return {node};
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return {name};
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& each : names)
    all += (all.empty() ? "" : ",") + each;
  return all;
}

std::vector<std::string> hosts_for(int nodes) {
  auto hosts = own_hosts();
  if (hosts.size() < static_cast<std::size_t>(nodes))
    throw error(error_kind::failed,
                "this task wants " + core::count_text(static_cast<std::uint64_t>(nodes), "node") +
                    " and was given " + std::to_string(hosts.size()));
  hosts.resize(static_cast<std::size_t>(nodes));
  return hosts;
}

session::session_shape shape_of(const std::string& folder, const task_plan& plan) {
  session::session_shape shape;
  shape.pool = plan.pool;
  shape.procs_per_node = plan.order.shape.procs_per_node;
  shape.omp_threads = plan.omp_threads;
  shape.nodes = hosts_for(plan.order.shape.nodes);
  if (shape.nodes.size() == 1) return shape;
  const char* const told = std::getenv(link_variable);
  const auto link = session::read_link_file(told != nullptr ? told : folder + "/" + link_name);
  shape.places.resize(shape.nodes.size());
  for (std::size_t i = 1; i < shape.nodes.size(); ++i) {
    shape.places[i] = link;
    shape.places[i]->address = shape.nodes[i];
  }
  return shape;
}

/// The service's own log shows it to people.
void show(int worker, std::string_view lines) {
  const std::string who = worker == 1 ? "" : "From worker " + std::to_string(worker) + ": ";
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size() - 1);
    std::fwrite(who.data(), 1, who.size(), stdout);
    std::fwrite(lines.data(), 1, end + 1, stdout);
    lines.remove_prefix(end + 1);
  }
  std::fflush(stdout);
}

class supervised_task final : public session::session_events {
 public:
  supervised_task(const std::string& folder, task_plan plan, log_writer& log)
      : folder_(folder),
        log_(log),
        plan_(std::move(plan)),
        steps_(plan_.order.items, plan_.keep_going) {}

  int run() {
    if (plan_.build_id != os::this_build()) {
      unusable_ = "this node has build " + os::to_hex(os::this_build()) +
                  " of the program and the task is of build " + os::to_hex(plan_.build_id) +
                  "; submit it again with this one";
      return end();
    }
    const ending_watch watch(host_);
    session_ = std::make_unique<session::task_session>(host_, *this, shape_of(folder_, plan_));
    while (begin_next()) {
      host_.poll_messages();
      session_->tick();
      if (told_to_end.load() && !std::exchange(ending_, true)) session_->end_run(key_);
      if (!over_) host_.sleep(session_->next_tick().value_or(-1), [](bool) {});
    }
    session_->kill_all();
    session_.reset();
    return end();
  }

  void succeeded(session::task_session&, std::uint64_t, std::uint64_t count,
                 core::nanoseconds spent, core::outcome_bytes pack) override {
    log_.outcomes(count, spent, pack);
    steps_.succeeded(count);
    went_on_ = true;
  }
  void failed(session::task_session&, std::uint64_t, std::uint64_t unreported,
              error_info why) override {
    steps_.failed(unreported, std::move(why));
    went_on_ = true;
  }
  void run_ended(session::task_session&, std::uint64_t) override { over_ = true; }
  void unusable(session::task_session&, const std::string& why) override { unusable_ = why; }
  void printed(session::task_session&, int worker, std::uint64_t, std::string_view text) override {
    log_.printed(worker, text);
    show(worker, text);
  }
  void progress(session::task_session&, std::uint64_t, double fraction,
                std::string_view text) override {
    log_.progress(fraction, text);
  }
  const core::broadcast_bytes* find_broadcast(const std::uint64_t (&key)[2]) override {
    const std::string name = broadcast_file_name(key);
    auto& held = broadcasts_[name];
    const std::string path = folder_ + "/" + broadcast_name + "/" + name;
    if (!held && std::filesystem::exists(path)) {
      const std::string file = read_file(path);
      held = std::make_unique<core::broadcast_bytes>(
          decode_broadcast(key, bytes_in(file), file.size()));
    }
    return held.get();
  }

 private:
  /// False when there is nothing left to run, or nothing can be.
  bool begin_next() {
    if (!over_) return true;
    while (auto why = steps_.take_failure())
      log_.failed(0, *why);
    const auto items = steps_.items();
    if (!items || ending_ || !unusable_.empty() || !std::exchange(went_on_, false)) return false;
    core::run_order order = plan_.order;
    order.key = key_ = host_.next_key();  // nested runs have keys from there too
    order.items = *items;
    over_ = false;
    session_->run(order);
    return true;
  }

  int end() {
    for (std::uint64_t not_run = 0; steps_.skip_to_failure(not_run);)
      log_.failed(not_run, *steps_.take_failure());
    if (!unusable_.empty()) {
      log_.unusable(unusable_);
      return could_not;
    }
    const int code = ending_ ? was_told : all_told;
    log_.ended(code);
    return code;
  }

  std::string folder_;
  log_writer& log_;
  task_plan plan_;
  item_steps steps_;
  session::host host_;
  std::map<std::string, std::unique_ptr<core::broadcast_bytes>> broadcasts_;
  std::unique_ptr<session::task_session> session_;
  std::uint64_t key_ = 0;  ///< of the run
  bool over_ = true;       ///< that run
  bool went_on_ = true;    ///< it told of an item
  bool ending_ = false;
  std::string unusable_;  ///< why no item can ever run
};

}  // namespace

int task_main(const std::string& folder) {
  ::unsetenv(task_variable);
  std::optional<log_writer> log;
  try {
    log.emplace(folder + "/" + log_name);
    log->started(joined(own_hosts()));
    supervised_task task(folder, read_plan(folder), *log);
    return task.run();
  } catch (const std::exception& caught) {
    std::fprintf(stderr, "clusterless: this task cannot go on: %s\n", caught.what());
    try {
      if (log) log->trouble(caught.what());
    } catch (const error&) {
      // The disk is full, which standard error tells.
    }
    return could_not;
  }
}

}  // namespace clusterless::task
