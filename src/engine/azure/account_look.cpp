// SPDX-License-Identifier: MIT
#include "engine/azure/account_look.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "azure/text.hpp"
#include "engine/azure/vm_size.hpp"

namespace clusterless::engine {

using namespace azure;

account_look::account_look(loop& on, const core::cloud_account& who) : on_(on), in_(on, who) {}

std::optional<service_error> account_look::token() {
  const auto got = wait_for<done>(on_, [this](auto then) {
    in_.batch_signer().prepare(
        [then](const std::optional<service_error>& why) { why ? then(*why) : then(done{}); });
  });
  if (got) return std::nullopt;
  return got.error();
}

account_look::answer account_look::ask_service() {
  answer told;
  if (auto why = token()) {
    told.why = std::move(why);
    return told;
  }
  const std::string& url = in_.account().batch_url;
  request asked;
  asked.url = url.substr(0, url.find_last_not_of('/') + 1) +
              "/pools?api-version=" + in_.batch().api_version() + "&maxresults=1";
  asked.set("Accept", "application/json");
  const std::int64_t now = on_.clock().unix_seconds();
  in_.batch_signer().sign(asked, now);
  std::optional<response> got;
  on_.over().submit(std::move(asked), [&got](response&& came) { got = std::move(came); });
  while (!got)
    on_.poll(60'000);
  if (const auto theirs = parse_http_date(got->value_of("date"))) told.skew_s = now - *theirs;
  if (!got->good()) {
    told.why = read_error(*got, "ask the Batch account", url, now);
    return told;
  }
  const auto read = nlohmann::json::parse(got->body, nullptr, false);
  told.is_batch = read.is_object() && read.contains("value") && read["value"].is_array();
  return told;
}

std::optional<service_error> account_look::storage(const std::string& container) {
  const auto got = wait_for<container_page>(
      on_, [&](auto then) { in_.blobs().list_containers(container, {}, then); });
  if (got) return std::nullopt;
  return got.error();
}

account_look::image_seen account_look::image(const image_wish& wish) {
  image_seen seen;
  const auto all = wait_for<std::vector<batch::image_support>>(on_, [this](auto then) {
    batch::all_pages<batch::image_support>(
        [this](const auto& which, auto next) { in_.batch().list_images(which, next); }, {}, then);
  });
  try {
    seen.choice = choose_image(all.value(), wish, on_.clock().unix_seconds() * 1000);
  } catch (const error& caught) {
    seen.failed = caught.what();
  }
  return seen;
}

account_look::pool_seen account_look::pool(const std::string& id) {
  own_.push_back(lower_case(id));
  const auto got = wait_for<std::optional<batch::pool_info>>(
      on_, [&](auto then) { in_.batch().get_pool(id, then); });
  if (!got) return {got.error(), {}};
  return {{}, got.value()};
}

account_look::usage account_look::used() {
  usage sum;
  const auto pools = wait_for<std::vector<batch::pool_info>>(on_, [this](auto then) {
    batch::list_options which;
    which.select = "id,vmSize,currentDedicatedNodes,targetDedicatedNodes";
    batch::all_pages<batch::pool_info>(
        [this](const auto& of, auto next) { in_.batch().list_pools(of, next); }, which, then);
  });
  const auto jobs = wait_for<std::vector<batch::job_info>>(on_, [this](auto then) {
    batch::list_options which;
    which.filter = "state eq 'active'";
    which.select = "id";
    batch::all_pages<batch::job_info>(
        [this](const auto& of, auto next) { in_.batch().list_jobs(of, next); }, which, then);
  });
  if (!pools || !jobs) {
    sum.why = pools ? jobs.error() : pools.error();
    return sum;
  }
  for (const auto& each : pools.value()) {
    const int nodes = std::max(each.dedicated_now, each.dedicated_target);
    const int cores = nodes * vcpus_of(each.vm_size).value_or(0);
    ++sum.pools;
    sum.nodes += nodes;
    sum.cores += cores;
    const bool own = std::find(own_.begin(), own_.end(), lower_case(each.id)) != own_.end();
    if (!own) sum.other_cores += cores;
  }
  sum.active_jobs = static_cast<int>(jobs.value().size());
  return sum;
}

account_look::quotas_seen account_look::quotas() {
  if (in_.tokens() == nullptr)
    return {{},
            "an account's key opens Batch alone, and quotas are told to service principals and "
            "managed identities that may read the account"};
  const auto parts = split_url(in_.account().batch_url);
  const std::string host = parts ? std::string(parts->host) : std::string();
  const std::string url = management_url_for(host);
  if (url.empty())
    return {{},
            host +
                " is no address of a cloud that is known; name its Resource Manager in "
                "AZURE_RESOURCE_MANAGER_ENDPOINT"};
  bearer_signer as(on_, *in_.tokens(), url + '/');
  exchange_options patience;
  patience.retry.attempts = 3;
  exchange calls(on_, as, patience);
  const auto got = wait_for<std::optional<account_quotas>>(
      on_, [&](auto then) { find_quotas(calls, url, host, then); });
  if (!got) return {{}, got.error().text()};
  if (!got.value())
    return {{}, "no subscription that we see has the account; give us the role Reader there"};
  return {got.value(), {}};
}

}  // namespace clusterless::engine
