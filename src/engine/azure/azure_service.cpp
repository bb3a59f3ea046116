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

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) throw error(error_kind::misuse, "cannot read the start-up script " + path);
  return text;
}

}  // namespace

azure_service::azure_service(const pool_plan& plan, outbox& to)
    : plan_(plan), to_(to), run_(make_run_id()) {
  over_ = make_curl_transport();
  on_ = std::make_unique<loop>(*over_, machine_clock());
  sites_.resize(plan_.accounts->size());
  for (std::size_t i = 0; i < sites_.size(); ++i)
    sites_[i].in = std::make_unique<cloud>(*on_, (*plan_.accounts)[i]);
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
  made.account = account_of_pool(at);
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
  made.nodes = std::make_unique<node_pool>(*sites_[made.account].in, std::move(plan), tell);
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
  for (std::size_t i = 0; i < std::min(sites_.size(), members_.size()); ++i)
    open_account(i);
}

void azure_service::open_account(std::size_t at) {
  remove_dead_runs(at);
  sites_[at].in->blobs().create_container(plan_.blob_container,
                                          [this, at](const result<bool>& shared) {
                                            if (!shared) return broken(shared.error().text());
                                            send_program(at);
                                          });
}

// Each file lies under its hash: what another build or run has sent is not sent again, unless
// somebody put other bytes there, which then are without our mark.
void azure_service::send_program(std::size_t account) {
  sites_[account].files_left = static_cast<int>(program_.files.size());
  for (const auto& file : program_.files)
    send_file(account, file);
}

void azure_service::send_file(std::size_t account, const bundle::bundle_file& file) {
  blob_client& blobs = sites_[account].in->blobs();
  const std::string name = "programs/" + file.hash;
  const auto sent = [this, account] {
    if (--sites_[account].files_left == 0) program_sent(account);
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
  sites_[account].program_ready = true;
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (members_[i].account == account) advance(i);
}

void azure_service::advance(std::size_t pool) {
  member& of = members_[pool];
  if (!of.pool_ready || !sites_[of.account].program_ready || of.ready || closing_) return;
  of.ready = true;
  for (const auto& each : std::exchange(of.waiting, {}))
    each();
}

// The service orders jobs by priority, not the tasks of one.
task_place azure_service::place_in(std::size_t pool, const std::string& run, int priority) const {
  priority = std::clamp(priority, -1000, 1000);
  const std::string mark =
      priority == 0 ? "" : (priority < 0 ? "-low" : "-high") + std::to_string(std::abs(priority));
  const std::string number = std::to_string(pool + 1);
  task_place place;
  place.batch_url = (*plan_.accounts)[account_of_pool(pool)].batch_url;
  place.pool = pool_name(plan_, pool);
  place.pool_number = static_cast<int>(pool) + 1;
  const std::string ending = '-' + run + '-' + number + mark;
  place.job = plan_.job_id.substr(0, defaults::max_id_length - ending.size()) + ending;
  place.container = run_container(plan_.blob_container, run);
  place.folder = "pool" + number + mark + '/';
  return place;
}

azure_run& azure_service::run_in(const std::string& container, bool there) {
  auto& found = runs_[container];
  if (!found)
    found = std::make_unique<azure_run>(
        container, std::min(sites_.size(), members_.size()), there,
        azure_run::listener{[this](const std::string& why) { broken(why); },
                            [this](const std::string& what) { to_.leave(what); }});
  return *found;
}

batch_job& azure_service::job_of(azure_run& run, const task_place& place, std::size_t account,
                                 int priority) {
  return run.job(place.job, [&] {
    cloud& in = *sites_[account].in;
    batch_job_plan plan;
    plan.id = place.job;
    plan.priority = std::clamp(priority, -1000, 1000);
    plan.pool = place.pool;
    plan.pool_number = place.pool_number;
    plan.container = place.container;
    plan.folder = place.folder;
    plan.omp_threads = plan_.omp_threads;
    for (const auto& file : program_.files)
      plan.program.push_back(resource_file_of(in, file));
    plan.start_command = bundle::start_command("$AZ_BATCH_JOB_PREP_WORKING_DIR", program_);
    const auto& arguments = session::program_arguments();
    for (std::size_t i = 1; i < arguments.size(); ++i)
      plan.start_command += ' ' + core::shell_word(arguments[i]);
    plan.container_image = plan_.container;
    plan.lasting = place.container != run_container(plan_.blob_container, run_);
    batch_job::listener tell;
    tell.runs = [this] {
      core::nanoseconds none = 0;
      first_run_.compare_exchange_strong(none, os::steady_ns());
    };
    tell.nothing_runs = [this, pool = place.pool] {
      for (auto& each : members_)
        if (each.nodes->id() == pool) each.nodes->look();
    };
    tell.broken = [this](const std::string& why) { broken(why); };
    return std::make_unique<batch_job>(in, std::move(plan), to_, tell);
  });
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

void azure_service::submit(std::size_t pool, const std::string& run, const std::string& id,
                           core::run_order order, std::vector<broadcast_key> needs) {
  task_place place = place_in(pool, run, order.priority);
  place.task = id;
  post([this, pool, place = std::move(place),
        order = std::make_shared<core::run_order>(std::move(order)), needs = std::move(needs)] {
    on_the_way_[order->key] = false;
    // The container is made while the pool comes up.
    run_in(place.container, false).bring(*sites_[members_[pool].account].in, {}, [] {});
    auto go_on = [this, pool, place, order, needs] { add(pool, place, std::move(*order), needs); };
    if (members_[pool].ready)
      go_on();
    else
      members_[pool].waiting.push_back(go_on);
  });
}

void azure_service::add(std::size_t pool, const task_place& place, core::run_order order,
                        std::vector<broadcast_key> needs) {
  const std::size_t account = members_[pool].account;
  azure_run& run = run_in(place.container, false);
  std::vector<task_file> files = run.files_of(needs);
  run.bring(
      *sites_[account].in, std::move(needs),
      [this, place, account, &run, files = std::move(files),
       order = std::make_shared<core::run_order>(std::move(order))] {
        if (closing_) return;
        const auto found = on_the_way_.find(order->key);
        const bool cancelled = found != on_the_way_.end() && found->second;
        on_the_way_.erase(order->key);
        if (cancelled) return tell_end(to_, order->key);
        job_of(run, place, account, order->priority).add(place.task, std::move(*order), files);
      });
}

void azure_service::send_broadcast(const std::string& container, broadcast_key key,
                                   shared_bytes file) {
  post([this, container, key, file = std::move(file)] {
    run_in(container, false).add_value(key, file);
  });
}

void azure_service::cancel(std::uint64_t key) {
  post([this, key] {
    const bool found = std::any_of(runs_.begin(), runs_.end(),
                                   [key](const auto& each) { return each.second->cancel(key); });
    if (found) return;
    const auto waits = on_the_way_.find(key);
    if (waits != on_the_way_.end())
      waits->second = true;
    else
      tell_end(to_, key);  // it was never handed over
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
  for (const auto& [container, each] : runs_) {
    ++closing_left_;
    each->close(done);
  }
  for (const auto& each : ended_runs_) {
    ++closing_left_;
    each->close(done);
  }
  if (remove)
    for (auto& each : members_) {
      ++closing_left_;
      each.nodes->remove(done);
    }
  done();
}

void azure_service::closed_one() {
  if (--closing_left_ == 0) over_now_ = true;
}

}  // namespace clusterless::engine
