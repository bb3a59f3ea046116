// SPDX-License-Identifier: MIT
// What one run has in the cloud: a container in each account it uses, with broadcast values, plans
// and logs, and a Batch job for each pool and priority. Unnamed maps of a pool handle share a run;
// a named one has its own, so that it can be taken up and removed alone. Lives on the engine's
// service thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/azure/batch_job.hpp"
#include "engine/azure/cloud.hpp"
#include "engine/azure/outbox.hpp"

namespace clusterless::engine {

/// Time and eight random digits: sorts by age, and never twice the same.
std::string make_run_id();
/// The container of a run: `base` with the run's id behind it, at most 63 letters.
std::string run_container(const std::string& base, const std::string& run);

class azure_run {
 public:
  using broadcast_key = std::pair<std::uint64_t, std::uint64_t>;
  using shared_bytes = std::shared_ptr<const std::vector<std::byte>>;
  struct listener {
    std::function<void(const std::string&)> broken;  ///< why nothing can go on
    std::function<void(const std::string&)> left;    ///< what could not be removed, and why
  };

  /// `accounts`: in how many it may be. With `there` its containers were made by another process.
  azure_run(std::string container, std::size_t accounts, bool there, listener tell)
      : container_(std::move(container)),
        accounts_(accounts),
        there_(there),
        tell_(std::move(tell)) {}
  azure_run(const azure_run&) = delete;
  azure_run& operator=(const azure_run&) = delete;

  const std::string& container() const { return container_; }
  /// A broadcast value that bring() may be asked for.
  void add_value(broadcast_key key, shared_bytes file) { values_[key] = std::move(file); }
  /// Calls `then` when the container in this account is there, and these broadcast values in it.
  /// Not when that fails, or the run is closed.
  void bring(cloud& to, std::vector<broadcast_key> keys, const std::function<void()>& then);
  /// Those values as files of a task.
  std::vector<task_file> files_of(const std::vector<broadcast_key>& keys) const;
  /// The Batch job of this id; made by `make` when there is none.
  batch_job& job(const std::string& id, const std::function<std::unique_ptr<batch_job>()>& make);
  /// False when it has no such task.
  bool cancel(std::uint64_t key);
  /// Ends the jobs and removes the containers; `then` is called when that is done.
  void close(std::function<void()> then);
  bool closing() const { return closing_; }
  /// Its container in this account is to be removed, too.
  void uses(cloud& in) { sites_[&in].made = there_; }

 private:
  struct site {
    bool made = false;
    bool making = false;
    std::vector<std::function<void()>> waiting = {};  ///< for the container
    std::map<broadcast_key, bool> sent = {};
    std::map<broadcast_key, std::vector<std::function<void()>>> sending = {};
  };
  void open(cloud& in, const std::function<void()>& then);
  void send(cloud& to, broadcast_key key);
  void remove_container(cloud& in);
  void closed_one();

  std::string container_;
  std::size_t accounts_;
  bool there_;
  listener tell_;
  std::map<cloud*, site> sites_;
  std::map<broadcast_key, shared_bytes> values_;  ///< until every account has them
  std::map<std::string, std::unique_ptr<batch_job>> jobs_;
  bool closing_ = false;
  int closing_left_ = 0;
  std::vector<std::function<void()>> when_closed_;
};

}  // namespace clusterless::engine
