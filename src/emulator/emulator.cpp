// SPDX-License-Identifier: MIT
#include "emulator/emulator.hpp"

#include <chrono>
#include <clusterless/error.hpp>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "emulator/api.hpp"
#include "emulator/faults.hpp"
#include "emulator/management.hpp"
#include "emulator/node_runner.hpp"
#include "emulator/pretend_nodes.hpp"
#include "emulator/tokens.hpp"

namespace clusterless::emulator {

namespace {

namespace fs = std::filesystem;
const char* const control_prefix = "/_clusterless/";

ticks clock_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return unix_epoch + std::chrono::duration_cast<std::chrono::nanoseconds>(since).count() / 100;
}

http_answer json_answer(int status, const json& body) {
  http_answer made;
  made.status = status;
  made.chunked = false;
  made.headers.emplace_back("Content-Type", "application/json");
  made.body = body.dump() + '\n';
  return made;
}

}  // namespace

class emulator::implementation {
 public:
  explicit implementation(emulator_options options)
      : options_(std::move(options)),
        keys_{options_.account, options_.key},
        tokens_{keys_, options_.client_id,
                options_.client_secret.empty() ? options_.key : options_.client_secret,
                static_cast<ticks>(options_.token_seconds * one_second)},
        management_{keys_, options_.model},
        model_(options_.model, clock_now()),
        server_(
            options_.server, [this](const http_request& request) { return answer(request); },
            [this](const http_request& request) { return fault(request); }) {
    signature(options_.key, "");
    const std::string nodes = options_.directory + "/nodes";
    fs::create_directories(nodes);
    if (options_.pretend_seconds >= 0) {
      auto made = std::make_unique<pretend_nodes>(
          nodes, static_cast<ticks>(options_.pretend_seconds * one_second), clock_now);
      pretending_ = made.get();
      nodes_ = std::move(made);
    } else {
      auto made = std::make_unique<node_runner>(
          node_runner_options{nodes, options_.account, url(), options_.model.takes.stop}, clock_now,
          [this](std::uint64_t run, const command_result& result) { tell(run, result); });
      running_ = made.get();
      nodes_ = std::move(made);
    }
    api_ = std::make_unique<batch_api>(model_, *nodes_, keys_);
    for (const json& each : options_.faults)
      take_fault(each);
    if (options_.keep_state) {
      // An earlier run that was killed may have left commands.
      nodes_->end_leftovers();
      load();
    }
  }

  int port() const { return server_.port(); }
  std::string url() const {
    return (options_.server.certificate.empty() ? "http://" : "https://") + options_.server.host +
           ':' + std::to_string(server_.port());
  }

  void serve() {
    std::thread turner([this] {
      try {
        turn();
      } catch (...) {
        broken_ = std::current_exception();
        server_.stop();
      }
    });
    server_.serve();
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_all();
    turner.join();
    nodes_->shut_down();
    if (broken_) std::rethrow_exception(broken_);
    if (options_.keep_state) save();
  }
  void stop() { server_.stop(); }

 private:
  /// Lets time pass and has done what the model wants. With the lock held.
  void pump() {
    for (;;) {
      const ticks now = clock_now();
      if (pretending_ != nullptr)
        for (const auto& [run, result] : pretending_->over(now))
          model_.finished(run, result);
      model_.advance(now);
      const std::vector<action> actions = model_.take_actions();
      if (actions.empty()) break;
      for (const action& each : actions)
        nodes_->perform(each);
    }
    wake_.notify_all();
  }

  void tell(std::uint64_t run, const command_result& result) {
    const std::lock_guard lock(mutex_);
    model_.advance(clock_now());
    model_.finished(run, result);
    pump();
  }

  void turn() {
    std::unique_lock lock(mutex_);
    ticks saved = 0;
    ticks save_every = one_second;
    while (!over_) {
      pump();
      carry_out_node_faults();
      const ticks now = clock_now();
      if (options_.keep_state && model_.revision() != saved_revision_ &&
          now - saved >= save_every) {
        save();
        saved = clock_now();
        // A large state is written less often.
        save_every = std::max(one_second, 10 * (saved - now));
      }
      ticks due =
          std::min(model_.next_due(), pretending_ != nullptr ? pretending_->next_due() : unlimited);
      for (const node_fault& each : node_faults_)
        due = std::min(due, each.due > now ? each.due : now + one_second / 100);
      if (options_.keep_state && model_.revision() != saved_revision_)
        due = std::min(due, saved + save_every);
      if (due == unlimited) {
        wake_.wait(lock);
      } else if (due > now) {
        wake_.wait_for(lock, std::chrono::nanoseconds(std::min(due - now, one_minute) * 100));
      }
    }
  }

  http_fault fault(const http_request& request) {
    if (request.path.starts_with(control_prefix)) return {};
    const std::lock_guard lock(mutex_);
    return faults_.choose(request, clock_now());
  }

  http_answer answer(const http_request& request) {
    if (const auto token = tokens_.answer(request, clock_now())) return *token;
    if (const auto told = management_.answer(request, clock_now())) return *told;
    const std::lock_guard lock(mutex_);
    pump();
    http_answer made;
    if (request.path.starts_with(control_prefix))
      made = control(request);
    else if (expire_tokens_ && in_lower_case(request.header("authorization")).starts_with("bearer"))
      made = expired(request);
    else
      made = api_->answer(request);
    pump();
    return made;
  }

  http_answer expired(const http_request& request) {
    return error_body(service_says("AuthenticationFailed",
                                   {{"AuthenticationErrorDetail", "The token has expired."}}),
                      url() + request.path, clock_now(), random_uuid());
  }

  /// GET, POST and DELETE of /_clusterless/faults. Whoever asks has the account's key.
  http_answer control(const http_request& request) {
    if (request.header("authorization") != "Key " + options_.key)
      return json_answer(403, {{"error", "give the header Authorization: Key <account key>"}});
    if (request.path != "/_clusterless/faults")
      return json_answer(404, {{"error", "there is only /_clusterless/faults"}});
    if (request.method == "DELETE") {
      faults_.clear();
      node_faults_.clear();
      expire_tokens_ = false;
      api_->set_skew(0);
      return json_answer(200, {{"faults", json::array()}});
    }
    if (request.method == "POST") {
      const json given = json::parse(request.body, nullptr, false);
      try {
        for (const json& each : given.is_array() ? given : json::array({given}))
          take_fault(each);
      } catch (const std::exception& caught) {
        return json_answer(400, {{"error", caught.what()}});
      }
    }
    return json_answer(200, {{"faults", faults_.all()}});
  }

  void take_fault(const json& given) {
    if (!given.is_object())
      throw error(error_kind::misuse, "a fault is a JSON object: " + given.dump());
    if (const json& node = member(given, "node"); node.is_object()) {
      const std::string what = text_of(node, "do", "preempt");
      if (what != "preempt" && what != "lose")
        throw error(error_kind::misuse, "a node can be made to preempt or lose, not " + what);
      node_faults_.push_back({text_of(node, "pool"),
                              text_of(node, "node"),
                              what == "lose",
                              clock_now() + number_of(node, "after_ms", 0) * (one_second / 1000),
                              {}});
      if (const auto back = number_of(node, "back_after_ms", -2); back >= -1)
        node_faults_.back().back_after = back < 0 ? unlimited : back * (one_second / 1000);
    } else if (const json& allocation = member(given, "allocation"); allocation.is_object()) {
      model_.add_fault({text_of(allocation, "pool"),
                        text_of(allocation, "code", "AllocationTimedout"),
                        text_of(allocation, "message",
                                "Desired number of dedicated nodes could not be allocated as the "
                                "resize timeout was reached"),
                        static_cast<int>(number_of(allocation, "nodes", 0)),
                        number_of(allocation, "delay_ms", 0) * (one_second / 1000),
                        static_cast<int>(number_of(allocation, "times", 1))});
    } else if (given.contains("clock_skew_s")) {
      api_->set_skew(number_of(given, "clock_skew_s", 0) * one_second);
    } else if (given.contains("expire_tokens")) {
      expire_tokens_ = truth_of(given, "expire_tokens", true);
    } else if (given.contains("duplicate_start")) {
      if (running_ != nullptr)
        running_->duplicate(static_cast<int>(number_of(given, "duplicate_start", 1)));
    } else {
      faults_.add(given);
    }
    wake_.notify_all();
  }

  /// The node that a fault means, or null while there is none.
  node* target_of(const node_fault& fault) {
    for (const auto& [key, in] : model_.pools()) {
      if (!fault.pool.empty() && !same_text(fault.pool, in->id)) continue;
      for (const auto& [id, each] : in->nodes) {
        const bool goes = each->leaving.has_value() || each->state == node_state::preempted ||
                          each->state == node_state::unusable;
        if (!goes && (fault.node.empty() ? !each->tasks.empty() : same_text(fault.node, id)))
          return each.get();
      }
    }
    return nullptr;
  }

  void carry_out_node_faults() {
    const ticks now = clock_now();
    for (auto at = node_faults_.begin(); at != node_faults_.end();) {
      node* const target = at->due <= now ? target_of(*at) : nullptr;
      if (target == nullptr) {
        ++at;
        continue;
      }
      const ticks back = at->back_after.value_or(options_.model.takes.restore);
      at->lose ? model_.lose(*target, back) : model_.preempt(*target, back);
      at = node_faults_.erase(at);
      pump();
    }
  }

  std::string state_file() const { return options_.directory + "/state.json"; }

  void save() {
    const std::string fresh = state_file() + ".new";
    {
      std::ofstream file(fresh, std::ios::trunc);
      file << model_.saved().dump();
      if (!file.flush())
        throw error(error_kind::failed, "cannot write " + fresh + ": is the disk full?");
    }
    fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write);
    fs::rename(fresh, state_file());
    saved_revision_ = model_.revision();
  }

  void load() {
    std::ifstream file(state_file());
    if (!file) return;
    const json state = json::parse(file, nullptr, false);
    if (!state.is_object())
      throw error(error_kind::misuse, state_file() + " is not a state of the emulator: remove it");
    model_.restore(state);
  }

  emulator_options options_;
  account_keys keys_;
  token_desk tokens_;
  management_desk management_;
  std::mutex mutex_;
  std::condition_variable wake_;
  model model_;
  fault_book faults_;
  std::vector<node_fault> node_faults_;
  std::unique_ptr<node_executor> nodes_;
  pretend_nodes* pretending_ = nullptr;
  node_runner* running_ = nullptr;
  std::unique_ptr<batch_api> api_;
  http_server server_;
  std::exception_ptr broken_;  ///< what ended the thread that turns the clock
  bool expire_tokens_ = false;
  bool over_ = false;
  std::uint64_t saved_revision_ = 0;
};

emulator::emulator(emulator_options options)
    : inside_(std::make_unique<implementation>(std::move(options))) {}
emulator::~emulator() = default;

int emulator::port() const noexcept {
  return inside_->port();
}

std::string emulator::url() const {
  return inside_->url();
}

void emulator::serve() {
  inside_->serve();
}

void emulator::stop() {
  inside_->stop();
}

}  // namespace clusterless::emulator
