// SPDX-License-Identifier: MIT
#include "engine/azure/azure_service.hpp"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "azure/blob_transfer.hpp"
#include "azure/crypto.hpp"
#include "core/defaults.hpp"
#include "core/text.hpp"
#include "engine/azure/plan_check.hpp"
#include "os/steady_clock.hpp"
#include "session/roles.hpp"
#include "task/task_main.hpp"
#include "task/task_plan.hpp"

namespace clusterless::engine {

using namespace azure;

namespace {

constexpr std::int64_t program_seconds = 30 * 24 * 3600;
constexpr std::int64_t closing_patience_ms = 30'000;
constexpr int usual_interval_s = 300;  // of a formula: the shortest that there is

/// Time and eight random digits: sorts by age, and never twice the same.
std::string make_run_id() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
  return std::string(text) + "-" + random_uuid().substr(0, 8);
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) throw error(error_kind::misuse, "cannot read the start-up script " + path);
  return text;
}

std::string hex_of(const std::pair<std::uint64_t, std::uint64_t>& key) {
  const std::uint64_t both[2] = {key.first, key.second};
  return task::broadcast_file_name(both);
}

}  // namespace

azure_service::azure_service(const pool_plan& plan, outbox& to)
    : plan_(plan), to_(to), run_(make_run_id()) {
  // The container's name is that of the parameters with the run's behind it, at most 63 letters.
  container_ = plan_.blob_container.substr(0, 63 - run_.size() - 1);
  while (container_.ends_with('-'))
    container_.pop_back();  // two in a row are refused
  container_ += '-' + run_;
  over_ = make_curl_transport();
  on_ = std::make_unique<loop>(*over_, machine_clock());
  const auto accounts = plan_.accounts->size();
  places_.resize(std::min<std::size_t>(accounts, static_cast<std::size_t>(plan_.pools)));
  for (std::size_t i = 0; i < places_.size(); ++i)
    places_[i].in = std::make_unique<cloud>(*on_, (*plan_.accounts)[i]);
  const std::string script =
      plan_.startup_script.empty() ? std::string() : contents_of(plan_.startup_script);
  members_.resize(static_cast<std::size_t>(plan_.pools));
  for (std::size_t i = 0; i < members_.size(); ++i)
    make_pool(i, script);
  thread_ = std::thread([this] { run(); });
}

azure_service::~azure_service() {
  close(false);
  thread_.join();
}

void azure_service::make_pool(std::size_t at, const std::string& script) {
  member& made = members_[at];
  made.account = at % places_.size();
  node_pool_plan plan;
  plan.id = pool_name(plan_, at);
  plan.number = static_cast<int>(at) + 1;
  plan.of = plan_.pools;
  plan.nodes = {plan_.nodes - plan_.spot_nodes, plan_.spot_nodes};
  plan.formula = plan_.formula;
  plan.formula_interval_s =
      plan_.formula_interval_s > 0 ? plan_.formula_interval_s : usual_interval_s;
  plan.shape = shape_of(plan_);
  plan.image = {plan_.os_publisher, plan_.os_offer, plan_.os_sku, !plan_.container.empty()};
  plan.container_image = plan_.container;
  plan.script = script;
  plan.blob_container = plan_.blob_container;
  node_pool_events tell;
  tell.left = [this](const std::string& what) { to_.leave(what); };
  tell.note = [this](const std::string& line) { to_.put([line](events& e) { e.note(line); }); };
  tell.broken = [this](const std::string& why) { broken(why); };
  made.nodes = std::make_unique<node_pool>(*places_[made.account].in, std::move(plan), tell);
}

void azure_service::post(std::function<void()> work) {
  inbox_.put(std::move(work));
  on_->wake();
}

void azure_service::run() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::int64_t give_up_ms = 0;
  try {
    begin();
  } catch (const std::exception& caught) {
    broken(caught.what());
  }
  while (!over_now_) {
    try {
      for (const auto& work : inbox_.take())
        work();
      if (over_now_) break;
      on_->poll(closing_ ? 200 : 60'000);
    } catch (const std::exception& caught) {
      broken(caught.what());
    }
    const std::int64_t now = machine_clock().steady_ms();
    if (closing_ && give_up_ms == 0) give_up_ms = now + closing_patience_ms;
    if (closing_ && now > give_up_ms) {
      to_.leave("run " + run_ + ": the service took too long to remove its jobs and containers; " +
                "look for those with this name");
      break;
    }
  }
  const std::lock_guard held(ended_mutex_);
  ended_ = true;
  ended_changed_.notify_all();
}

void azure_service::wait() {
  std::unique_lock held(ended_mutex_);
  ended_changed_.wait(held, [this] { return ended_; });
}

void azure_service::broken(const std::string& why) {
  if (std::exchange(broken_, true) || closing_) return;
  to_.put([why](events& e) { e.broken(why); });
}

// --- the program and the pools -----------------------------------------------------------------

void azure_service::begin() {
  for (std::size_t i = 0; i < members_.size(); ++i)
    members_[i].nodes->open([this, i] {
      members_[i].pool_ready = true;
      advance(i);
    });
  program_ = bundle::make_bundle(plan_.inter_node.value_or(false));
  for (std::size_t i = 0; i < places_.size(); ++i)
    open_account(i);
}

void azure_service::open_account(std::size_t at) {
  blob_client& blobs = places_[at].in->blobs();
  places_[at].making_container = true;
  blobs.create_container(container_, [this, at, &blobs](const result<bool>& made) {
    places_[at].making_container = false;
    if (closing_) return remove_container(places_[at]);
    if (!made) return broken(made.error().text());
    blobs.create_container(plan_.blob_container, [this, at](const result<bool>& shared) {
      if (!shared) return broken(shared.error().text());
      send_program(at);
    });
  });
}

// Each file lies under its hash: what another build or run has sent is not sent again, unless
// somebody put other bytes there, which then are without our mark.
void azure_service::send_program(std::size_t account) {
  places_[account].files_left = static_cast<int>(program_.files.size());
  for (const auto& file : program_.files)
    send_file(account, file);
}

void azure_service::send_file(std::size_t account, const bundle::bundle_file& file) {
  blob_client& blobs = places_[account].in->blobs();
  const std::string name = "programs/" + file.hash;
  const auto sent = [this, account] {
    if (--places_[account].files_left == 0) program_sent(account);
  };
  upload_options marked;
  marked.put.metadata = {{"content", file.hash}};
  blobs.head(plan_.blob_container, name,
             [this, &blobs, &file, name, sent, marked](result<std::optional<blob_facts>> there) {
               if (!there) return broken(there.error().text());
               if (there->has_value() && there->value().size == file.size) {
                 const auto mark = there->value().metadata.find("content");
                 if (mark != there->value().metadata.end() && mark->second == file.hash)
                   return sent();
               }
               upload_file(blobs, plan_.blob_container, name, file.path, marked,
                           [this, sent](const result<bool>& put) {
                             if (!put) return broken(put.error().text());
                             sent();
                           });
             });
}

void azure_service::program_sent(std::size_t account) {
  places_[account].program_ready = true;
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (members_[i].account == account) advance(i);
}

void azure_service::advance(std::size_t pool) {
  member& of = members_[pool];
  if (!of.pool_ready || !places_[of.account].program_ready || of.ready || closing_) return;
  of.ready = true;
  for (const auto& each : std::exchange(of.waiting, {}))
    each();
}

// The service orders jobs by priority, not the tasks of one.
batch_job& azure_service::job_of(std::size_t pool, int priority) {
  member& of = members_[pool];
  priority = std::clamp(priority, -1000, 1000);
  auto& made = of.jobs[priority];
  if (made) return *made;
  const std::string mark =
      priority == 0 ? "" : (priority < 0 ? "-low" : "-high") + std::to_string(std::abs(priority));
  cloud& in = *places_[of.account].in;
  batch_job_plan plan;
  const std::string ending = '-' + run_ + '-' + std::to_string(pool + 1) + mark;
  plan.id = plan_.job_id.substr(0, defaults::max_id_length - ending.size()) + ending;
  plan.priority = priority;
  plan.pool = of.nodes->id();
  plan.pool_number = static_cast<int>(pool) + 1;
  plan.container = container_;
  plan.folder = "pool" + std::to_string(pool + 1) + mark + '/';
  plan.omp_threads = plan_.omp_threads;
  for (const auto& file : program_.files)
    plan.program.push_back(resource_file_of(in, file));
  plan.start_command = bundle::start_command("$AZ_BATCH_JOB_PREP_WORKING_DIR", program_);
  const auto& arguments = session::program_arguments();
  for (std::size_t i = 1; i < arguments.size(); ++i)
    plan.start_command += ' ' + core::shell_word(arguments[i]);
  plan.container_image = plan_.container;
  batch_job::listener tell;
  tell.runs = [this] {
    core::nanoseconds none = 0;
    first_run_.compare_exchange_strong(none, os::steady_ns());
  };
  tell.nothing_runs = [&of] { of.nodes->look(); };
  tell.broken = [this](const std::string& why) { broken(why); };
  made = std::make_unique<batch_job>(in, std::move(plan), to_, tell);
  return *made;
}

batch::resource_file azure_service::resource_file_of(const cloud& in,
                                                     const bundle::bundle_file& file) const {
  batch::resource_file made;
  made.http_url = in.open_url(plan_.blob_container, "programs/" + file.hash, "r", program_seconds);
  made.file_path = file.name;
  made.file_mode = "0755";
  return made;
}

// --- tasks -------------------------------------------------------------------------------------

void azure_service::submit(std::size_t pool, core::run_order order,
                           std::vector<broadcast_key> needs) {
  post([this, pool, order = std::make_shared<core::run_order>(std::move(order)),
        needs = std::move(needs)] {
    member& of = members_[pool];
    on_the_way_.insert(order->key);
    std::vector<task_file> files;
    for (const auto& key : needs)
      files.push_back({container_, "broadcast/" + hex_of(key),
                       std::string(task::broadcast_name) + '/' + hex_of(key)});
    auto add = [this, pool, &of, order, files, needs] {
      with_broadcasts(of.account, needs, [this, pool, &of, order, files] {
        if (closing_) return;
        on_the_way_.erase(order->key);
        if (of.cancelled.erase(order->key) != 0)
          tell_end(to_, order->key);
        else
          job_of(pool, order->priority).add(std::move(*order), files);
      });
    };
    if (of.ready)
      add();
    else
      of.waiting.push_back(add);
  });
}

void azure_service::send_broadcast(broadcast_key key, shared_bytes file) {
  post([this, key, file = std::move(file)] { broadcasts_[key] = file; });
}

void azure_service::with_broadcasts(std::size_t account, std::vector<broadcast_key> needs,
                                    const std::function<void()>& then) {
  place& at = places_[account];
  while (!needs.empty() && at.sent[needs.back()])
    needs.pop_back();
  if (needs.empty()) return then();
  const broadcast_key key = needs.back();
  auto& waiting = at.sending[key];
  waiting.push_back([this, account, needs, then] { with_broadcasts(account, needs, then); });
  if (waiting.size() == 1) send_broadcast_to(account, key);
}

void azure_service::send_broadcast_to(std::size_t account, broadcast_key key) {
  place& at = places_[account];
  const shared_bytes bytes = broadcasts_[key];
  if (!bytes) return broken("a broadcast value is not there any more");
  upload(at.in->blobs(), container_, "broadcast/" + hex_of(key), {bytes->data(), bytes->size()}, {},
         [this, &at, key, bytes](const result<bool>& put) {
           if (!put) return broken(put.error().text());
           at.sent[key] = true;
           // Every account has its copy: the bytes may go.
           if (std::all_of(places_.begin(), places_.end(),
                           [&key](place& each) { return each.sent[key]; }))
             broadcasts_.erase(key);
           const auto waiting = std::exchange(at.sending[key], {});
           for (const auto& each : waiting)
             each();
         });
}

void azure_service::cancel(std::size_t pool, std::uint64_t key) {
  post([this, pool, key] {
    member& of = members_[pool];
    const bool found = std::any_of(of.jobs.begin(), of.jobs.end(),
                                   [key](const auto& each) { return each.second->cancel(key); });
    if (!found && on_the_way_.contains(key)) of.cancelled.insert(key);
  });
}

void azure_service::resize(const pool_size& nodes) {
  post([this, nodes] {
    for (auto& each : members_)
      each.nodes->resize(nodes);
  });
}

void azure_service::lose_node(std::size_t pool, int node) {
  post([this, pool, node] { members_[pool].nodes->lose_node(node); });
}

// --- the end -----------------------------------------------------------------------------------

void azure_service::close(bool remove) {
  post([this, remove] {
    if (!closing_) close_now(remove);
  });
}

void azure_service::close_now(bool remove) {
  closing_ = true;
  closing_left_ = 1;
  const auto done = [this] { closed_one(); };
  for (auto& each : members_) {
    for (const auto& [priority, job] : each.jobs) {
      ++closing_left_;
      job->close(done);
    }
    if (remove) {
      ++closing_left_;
      each.nodes->remove(done);
    }
  }
  for (auto& each : places_) {
    ++closing_left_;
    // One that is deleted before it is made would be there afterwards.
    if (!each.making_container) remove_container(each);
  }
  done();
}

void azure_service::remove_container(place& at) {
  at.in->blobs().delete_container(container_, [this](const result<bool>& gone) {
    if (!gone) to_.leave("container " + container_ + ": " + gone.error().text());
    closed_one();
  });
}

void azure_service::closed_one() {
  if (--closing_left_ == 0) over_now_ = true;
}

}  // namespace clusterless::engine
