// SPDX-License-Identifier: MIT
#include "engine/azure/azure_run.hpp"

#include <algorithm>
#include <ctime>

#include "azure/blob_transfer.hpp"
#include "azure/crypto.hpp"
#include "core/defaults.hpp"
#include "task/task_main.hpp"
#include "task/task_plan.hpp"

namespace clusterless::engine {

using namespace azure;

namespace {

std::string hex_of(const azure_run::broadcast_key& key) {
  const std::uint64_t both[2] = {key.first, key.second};
  return task::broadcast_file_name(both);
}

}  // namespace

std::string make_run_id() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &parts);
  return std::string(text) + "-" + random_uuid().substr(0, 8);
}

std::string run_container(const std::string& base, const std::string& run) {
  std::string name = base.substr(0, defaults::max_container_length - run.size() - 1);
  while (name.ends_with('-'))
    name.pop_back();  // two in a row are refused
  return name + '-' + run;
}

void azure_run::open(cloud& in, const std::function<void()>& then) {
  site& at = sites_[&in];
  if (at.made) return then();
  at.waiting.push_back(then);
  if (std::exchange(at.making, true)) return;
  in.blobs().create_container(container_, [this, &in, &at](const result<bool>& made) {
    at.making = false;
    if (closing_) return remove_container(in);
    if (!made) return tell_.broken(made.error().text());
    at.made = true;
    for (const auto& each : std::exchange(at.waiting, {}))
      each();
  });
}

void azure_run::bring(cloud& to, std::vector<broadcast_key> keys,
                      const std::function<void()>& then) {
  if (closing_) return;
  open(to, [this, &to, keys = std::move(keys), then]() mutable {
    site& at = sites_[&to];
    while (!keys.empty() && at.sent[keys.back()])
      keys.pop_back();
    if (keys.empty()) return then();
    const broadcast_key key = keys.back();
    auto& waiting = at.sending[key];
    waiting.push_back([this, &to, keys, then] { bring(to, keys, then); });
    if (waiting.size() == 1) send(to, key);
  });
}

void azure_run::send(cloud& to, broadcast_key key) {
  const shared_bytes bytes = values_[key];
  if (!bytes) return tell_.broken("a broadcast value is not there any more");
  upload(to.blobs(), container_, "broadcast/" + hex_of(key), {bytes->data(), bytes->size()}, {},
         [this, &to, key, bytes](const result<bool>& put) {
           if (closing_) return;
           if (!put) return tell_.broken(put.error().text());
           site& at = sites_[&to];
           at.sent[key] = true;
           const auto have = std::count_if(sites_.begin(), sites_.end(),
                                           [&key](auto& each) { return each.second.sent[key]; });
           if (static_cast<std::size_t>(have) == accounts_) values_.erase(key);
           for (const auto& each : std::exchange(at.sending[key], {}))
             each();
         });
}

std::vector<task_file> azure_run::files_of(const std::vector<broadcast_key>& keys) const {
  std::vector<task_file> files;
  files.reserve(keys.size());
  for (const auto& key : keys)
    files.push_back({container_, "broadcast/" + hex_of(key),
                     std::string(task::broadcast_name) + '/' + hex_of(key)});
  return files;
}

batch_job& azure_run::job(const std::string& id,
                          const std::function<std::unique_ptr<batch_job>()>& make) {
  auto& found = jobs_[id];
  if (!found) found = make();
  return *found;
}

bool azure_run::cancel(std::uint64_t key) {
  return std::any_of(jobs_.begin(), jobs_.end(),
                     [key](const auto& each) { return each.second->cancel(key); });
}

void azure_run::close(std::function<void()> then) {
  const bool over = closing_ && closing_left_ == 0;
  if (over) return then();
  when_closed_.push_back(std::move(then));
  if (std::exchange(closing_, true)) return;
  closing_left_ = 1;
  for (const auto& [id, each] : jobs_) {
    ++closing_left_;
    each->close([this] { closed_one(); });
  }
  for (auto& [in, at] : sites_) {
    ++closing_left_;
    // One that is deleted before it is made would be there afterwards.
    if (!at.making) remove_container(*in);
  }
  closed_one();
}

void azure_run::remove_container(cloud& in) {
  in.blobs().delete_container(container_, [this](const result<bool>& gone) {
    if (!gone) tell_.left("container " + container_ + ": " + gone.error().text());
    closed_one();
  });
}

void azure_run::closed_one() {
  if (--closing_left_ != 0) return;
  for (const auto& each : std::exchange(when_closed_, {}))
    each();
}

}  // namespace clusterless::engine
