// SPDX-License-Identifier: MIT
#include "engine/azure/account_check.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "azure/management.hpp"
#include "azure/text.hpp"
#include "engine/azure/account_look.hpp"
#include "engine/azure/plan_check.hpp"
#include "engine/azure/vm_size.hpp"
#include "engine/pool_shape.hpp"

namespace clusterless::engine {

using namespace azure;

namespace {

using grade = check::grade;

constexpr std::int64_t skew_to_tell_s = 60;
constexpr std::int64_t skew_refused_s = 15 * 60;  // "Authenticate requests to Azure Batch"

std::string count(int n, const char* what) {
  return core::count_text(static_cast<std::uint64_t>(n), what);
}

/// The error without its advice, which stands apart.
std::string text_of(service_error why) {
  why.hint.clear();
  return why.text();
}

class account_check {
 public:
  account_check(const pool_plan& plan, account_look& at, std::size_t number, std::string where,
                checks& into)
      : plan_(plan), at_(at), number_(number), where_(std::move(where)), into_(into) {}

  void run() {
    const bool batch_there = credentials() && service();
    storage();
    if (!batch_there) return;
    image();
    size();
    const int new_pools = pools();
    quotas(new_pools);
  }

 private:
  void add(const char* name, grade is, std::string text, std::string advice = {}) {
    into_.push_back({name, is, std::move(text), std::move(advice), where_});
  }
  void add_error(const char* name, const service_error& why, const std::string& otherwise) {
    add(name, grade::failure, text_of(why), why.hint.empty() ? otherwise : why.hint);
  }

  int my_pools() const {
    const auto accounts = plan_.accounts->size();
    int mine = 0;
    for (std::size_t i = number_; i < static_cast<std::size_t>(plan_.pools); i += accounts)
      ++mine;
    return mine;
  }

  bool credentials() {
    const core::cloud_account& who = at_.in().account();
    const std::string storage = "key of storage account " + who.storage_account_name;
    if (at_.in().tokens() == nullptr) {
      add("credentials", grade::good,
          "key of Batch account " + who.batch_account_name + ", " + storage);
      return true;
    }
    if (const auto why = at_.token()) {
      add_error("credentials", *why, "Correct them");
      return false;
    }
    const std::string name = who.client_secret.empty()
                                 ? std::string("managed identity of this machine")
                                 : "client " + who.client_id + " of tenant " + who.tenant;
    add("credentials", grade::good, name + ": a token was given; " + storage);
    return true;
  }

  bool service() {
    const account_look::answer got = at_.ask_service();
    const std::string& url = at_.in().account().batch_url;
    if (got.skew_s) clock(*got.skew_s);
    if (got.why) {
      add_error("service", *got.why,
                "Correct \"_BATCH_ACCOUNT_URL\": the portal shows it as the account's endpoint");
      return false;
    }
    if (!got.is_batch) {
      add("service", grade::failure, url + " answers, but not as Azure Batch does",
          "Correct \"_BATCH_ACCOUNT_URL\": the portal shows it as the account's endpoint");
      return false;
    }
    add("service", grade::good, url + " answers, and knows us");
    return true;
  }

  void clock(std::int64_t ahead_s) {
    const std::int64_t off = std::llabs(ahead_s);
    if (off < skew_to_tell_s)
      return add("clock", grade::good,
                 count(static_cast<int>(off), "second") + " off the service's");
    const std::string text = "this machine's clock is " + std::to_string(off / 60) + " min " +
                             (ahead_s > 0 ? "ahead of" : "behind") + " the service's";
    add("clock", off < skew_refused_s ? grade::warning : grade::failure, text,
        "Set the clock: requests signed more than 15 min away are refused, and so are addresses "
        "that nodes get");
  }

  void storage() {
    const std::string& url = at_.in().storage_url();
    if (const auto why = at_.storage(plan_.blob_container))
      return add_error("storage", *why,
                       "Check \"_STORAGE_ACCOUNT_NAME\" and \"_STORAGE_ACCOUNT_KEY\"");
    add("storage", grade::good, url + " answers, and takes the key");
  }

  void image() {
    if (!plan_.image_id.empty()) return;
    const auto chosen =
        at_.image({plan_.os_publisher, plan_.os_offer, plan_.os_sku, !plan_.container.empty()});
    if (!chosen.failed.empty())
      return add("image", grade::failure, chosen.failed, "Ask the administrator of the account");
    const std::string name =
        image_name(chosen.choice.image.image) + " (" + chosen.choice.image.node_agent + ")";
    if (chosen.choice.note.empty()) return add("image", grade::good, name);
    add("image", grade::warning, chosen.choice.note,
        "Take \"_NODE_OS_PUBLISHER\", \"_NODE_OS_OFFER\" and \"_NODE_OS_SKU\" out of the "
        "parameters, or name an image that is supported");
  }

  void size() {
    const auto cores = vcpus_of(plan_.vm_size);
    if (cores)
      return add("VM size", grade::good,
                 plan_.vm_size + ", " + count(*cores, "vCPU") + " by its name");
    add("VM size", grade::warning,
        plan_.vm_size +
            ": its name does not tell how many vCPUs it has, so quotas of cores are not "
            "compared",
        "See whether it is among `az batch location list-skus --location REGION`");
  }

  /// How many have to be made.
  int pools() {
    int missing = 0;
    std::string differs;
    std::string there;
    for (std::size_t i = number_; i < static_cast<std::size_t>(plan_.pools);
         i += plan_.accounts->size()) {
      const std::string id = pool_name(plan_, i);
      const auto found = at_.pool(id);
      if (found.why) {
        add_error("pools", *found.why, "Try again");
        return 0;
      }
      if (!found.there) {
        ++missing;
        continue;
      }
      pool_wish wanted = shape_of(plan_);
      // Which script the program gives is not known here, nor what an image was replaced with.
      wanted.start_command = found.there->start_command;
      if (plan_.image_id.empty()) wanted.image = {};
      const std::string how = differences(*found.there, wanted);
      std::string& to = how.empty() ? there : differs;
      to += (to.empty() ? "" : "; ") + id + (how.empty() ? "" : ": " + how);
    }
    if (!differs.empty()) {
      add("pools", grade::failure, "there already, but of another shape: " + differs,
          "Choose another \"_POOL_ID\", or delete these pools (az batch pool delete --pool-id ID)");
      return missing;
    }
    std::string text = missing == 0 ? "none" : count(missing, "pool");
    text += " would be made";
    if (!there.empty()) text += "; taken up: " + there;
    add("pools", grade::good, text);
    return missing;
  }

  void quotas(int new_pools) {
    const account_look::usage used = at_.used();
    if (used.why) return add_error("quotas", *used.why, "Try again");
    std::string text = "in use: " + count(used.pools, "pool") + ", " +
                       count(used.active_jobs, "active job") + ", " +
                       count(used.nodes, "dedicated node");
    if (used.cores > 0) text += " with " + count(used.cores, "vCPU");
    const account_look::quotas_seen seen = at_.quotas();
    if (!seen.quotas)
      return add("quotas", grade::warning, text + "; the quotas are not seen: " + seen.why_not,
                 "Compare them yourself: az batch account show --name " +
                     at_.in().account().batch_account_name +
                     " --resource-group GROUP, or Quotas of the account in the portal");
    compare(*seen.quotas, used, new_pools, text);
  }

  void compare(const account_quotas& most, const account_look::usage& used, int new_pools,
               std::string text) {
    std::string over;
    const auto limit = [&](const std::string& what, int in_use, int more, int quota) {
      text += "; " + what + ": " + std::to_string(in_use) + " + " + std::to_string(more) + " of " +
              std::to_string(quota);
      if (std::int64_t{in_use} + more > quota) over += (over.empty() ? "" : ", ") + what;
    };
    limit("pools", used.pools, new_pools, most.pools);
    limit("active jobs", used.active_jobs, my_pools(), most.active_jobs);
    if (const auto cores = vcpus_of(plan_.vm_size)) {
      const int dedicated = my_pools() * (plan_.nodes - plan_.spot_nodes) * *cores;
      // Pools that are there and idle have few cores now, and get theirs when the run begins.
      limit("dedicated vCPUs", used.other_cores, dedicated, most.dedicated_cores);
      if (plan_.spot_nodes > 0)
        limit("spot vCPUs", 0, my_pools() * plan_.spot_nodes * *cores, most.spot_cores);
      const auto family = most.cores_by_family.find(family_of(plan_.vm_size));
      if (family != most.cores_by_family.end())
        limit("dedicated vCPUs of " + family->first, 0, dedicated, family->second);
      else if (!most.cores_by_family.empty())
        text += "; the quota of this VM size's family is not known by its name";
    }
    if (over.empty()) return add("quotas", grade::good, text);
    add("quotas", grade::failure, "too small for " + over + ": " + text,
        "Ask for more (portal, Batch account, Quotas, Request quota increase), make fewer or "
        "smaller "
        "pools, or delete what is not needed");
  }

  const pool_plan& plan_;
  account_look& at_;
  std::size_t number_;
  std::string where_;
  checks& into_;
};

std::string amount(double of) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", of);
  return text;
}

void check_network(const pool_plan& plan, checks& into) {
  std::string text = "nodes and this machine reach Batch and Blob by https (port 443)";
  if (plan.inter_node.value_or(false))
    text +=
        "; nodes of a pool reach each other on ports from 20000 on, as the service allows where "
        "the "
        "network has no rules of its own";
  into.push_back({"network", grade::good, text, {}, "azure"});
}

void check_cost(const pool_plan& plan, const prices& at, checks& into) {
  const auto cores = vcpus_of(plan.vm_size);
  const int nodes = plan.pools * plan.nodes;
  std::string text =
      count(plan.pools, "pool") + " of " + nodes_text(plan.nodes) + " of " + plan.vm_size;
  if (cores) text += " (" + count(nodes * *cores, "vCPU") + " in all)";
  const auto accounts =
      std::min<std::size_t>(plan.accounts->size(), static_cast<std::size_t>(plan.pools));
  text += "; while the program runs a job for each pool and " +
          core::count_text(accounts, "container") + " of blobs";
  if (at.node)
    text += "; " + amount(*at.node) + " an hour for a node is " + amount(*at.node * nodes) +
            " an hour while all nodes are there";
  else
    text += "; what an hour costs is told with --price-per-hour, the price of one node";
  text += "; nodes go a quarter of an hour after the last task";
  into.push_back({"run", grade::good, text, {}, "azure"});
}

}  // namespace

checks check_accounts(pool_plan plan, const prices& at) {
  checks all;
  try {
    complete(plan);
    const auto transport = make_curl_transport();
    loop on(*transport, machine_clock());
    const auto used = std::min(plan.accounts->size(), static_cast<std::size_t>(plan.pools));
    for (std::size_t i = 0; i < used; ++i) {
      account_look look(on, (*plan.accounts)[i]);
      const std::string where = used == 1 ? "azure" : "azure " + look.in().place();
      account_check(plan, look, i, where, all).run();
    }
    check_network(plan, all);
    check_cost(plan, at, all);
  } catch (const error& caught) {
    all.push_back(
        {"plan", grade::failure, caught.what(), "create_pool would throw this error", "azure"});
  }
  return all;
}

}  // namespace clusterless::engine
