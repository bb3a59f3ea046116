// SPDX-License-Identifier: MIT
#include "engine/azure/left_things.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "engine/azure/cloud.hpp"
#include "engine/azure/task_place.hpp"

namespace clusterless::engine {

using namespace azure;

namespace {

constexpr std::int64_t patience_ms = 120'000;

std::size_t account_of(const std::vector<core::cloud_account>& accounts, const std::string& url) {
  for (std::size_t i = 0; i < accounts.size(); ++i)
    if (same_account(accounts[i].batch_url, url)) return i;
  throw error(error_kind::misuse, "tasks of this job are in the account " + url +
                                      ", which is not among the credentials; set CREDENTIALS to "
                                      "those that it was made with");
}

/// Why the job is still there; empty when it is not.
std::string remove_job(loop& on, cloud& in, const std::string& job) {
  const auto asked =
      wait_for<bool>(on, [&](auto then) { in.batch().delete_job(job, std::move(then)); });
  if (!asked && !asked.error().is("JobBeingDeleted")) return asked.error().text();
  const std::int64_t until = on.clock().steady_ms() + patience_ms;
  for (std::int64_t wait_ms = 20;; wait_ms = std::min<std::int64_t>(2 * wait_ms, 2000)) {
    const auto there = wait_for<std::optional<batch::job_info>>(
        on, [&](auto then) { in.batch().get_job(job, std::move(then)); });
    if (!there) return there.error().text();
    if (!there.value()) return {};
    if (on.clock().steady_ms() > until) return "its tasks are still being ended";
    wait_for<bool>(on, [&](auto then) { on.later(wait_ms, [then] { then(true); }); });
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> remove_left_things(
    const std::vector<core::cloud_account>& accounts, const std::vector<std::string>& places) {
  std::map<std::size_t, std::pair<std::set<std::string>, std::set<std::string>>> in_account;
  for (const auto& text : places) {
    const auto place = parse_place(text);
    if (!place)
      throw error(error_kind::misuse,
                  "tasks of this job are where this version of clusterless cannot look");
    auto& [jobs, containers] = in_account[account_of(accounts, place->batch_url)];
    jobs.insert(place->job);
    containers.insert(place->container);
  }
  std::vector<std::pair<std::string, std::string>> left;
  const auto over = make_curl_transport();
  loop on(*over, machine_clock());
  for (const auto& [account, names] : in_account) {
    cloud in(on, accounts[account]);
    for (const auto& job : names.first)
      if (std::string why = remove_job(on, in, job); !why.empty())
        left.emplace_back("job " + job, std::move(why));
    for (const auto& container : names.second) {
      const auto gone = wait_for<bool>(
          on, [&](auto then) { in.blobs().delete_container(container, std::move(then)); });
      if (!gone && !gone.error().is("ContainerBeingDeleted"))
        left.emplace_back("container " + container, gone.error().text());
    }
  }
  return left;
}

}  // namespace clusterless::engine
