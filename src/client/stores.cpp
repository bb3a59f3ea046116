// SPDX-License-Identifier: MIT
#include "client/stores.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "client/engines.hpp"
#include "engine/azure/environment_account.hpp"
#include "engine/azure/left_things.hpp"
#include "store/blob/account_store.hpp"
#include "store/directory_store.hpp"
#include "store/holder.hpp"

namespace clusterless::client {

namespace {

constexpr std::string_view in_account = "azure:";

std::string wanted_by_environment() {
  const char* value = std::getenv("CLUSTERLESS_STORE");
  return value == nullptr ? "" : value;
}

named_store directory(const std::string& path) {
  return {std::filesystem::absolute(path).lexically_normal().string(),
          store::open_directory_store(path)};
}

named_store account(const std::vector<core::cloud_account>& accounts,
                    const std::string& container) {
  return {std::string(in_account) + container,
          store::open_account_store(accounts.front(), container)};
}

named_store account(const std::string& name, const config::settings& values,
                    const std::vector<core::cloud_account>& accounts) {
  if (accounts.empty()) return account(name, values, accounts_or_environment({}));
  const std::string container = name.substr(in_account.size());
  return account(accounts, container.empty() ? values.blob_container : container);
}

/// Whether the environment names an account, or what runs in one.
bool account_wanted(const config::environment& variables) {
  return !variables.credentials.empty() || variables.engine == "azure";
}

config::configuration read_configuration() {
  return config::configure({}, config::read_environment(), built_in_engines());
}

bool alive_here(const store::holder& who) {
  return who.host == store::this_holder().host && store::is_alive(who);
}

}  // namespace

std::vector<core::cloud_account> accounts_or_environment(std::vector<core::cloud_account> read) {
  if (read.empty()) read.push_back(engine::account_from_environment());
  return read;
}

named_store store_for(const config::settings& values,
                      const std::vector<core::cloud_account>& accounts) {
  const std::string wanted = wanted_by_environment();
  if (wanted.starts_with(in_account)) return account(wanted, values, accounts);
  if (!wanted.empty() || values.engine != "azure") return directory(store::default_store_path());
  return account(accounts, values.blob_container);
}

std::vector<named_store> stores_to_look_in(const std::string& wanted) {
  const std::string name = wanted.empty() ? wanted_by_environment() : wanted;
  std::vector<named_store> found;
  if (!name.starts_with(in_account) && !name.empty()) {
    found.push_back(directory(name));
    return found;
  }
  const bool also_account = account_wanted(config::read_environment());
  if (name.empty()) {
    try {
      found.push_back(directory(store::default_store_path()));
    } catch (const error&) {
      if (!also_account) throw;  // a machine without a home has the account alone
    }
    if (!also_account) return found;
  }
  auto all = read_configuration();
  if (!name.empty()) {
    found.push_back(account(name, all.values, all.cloud.accounts));
    return found;
  }
  found.push_back(
      account(accounts_or_environment(std::move(all.cloud.accounts)), all.values.blob_container));
  return found;
}

const named_store& store_of_job(const std::vector<named_store>& all, const std::string& job) {
  store::check_job_name(job);
  const named_store* found = nullptr;
  for (const auto& each : all) {
    try {
      if (!store::has_job(*each.in, job)) continue;
    } catch (const error&) {
      if (found == nullptr) throw;
      continue;  // where it is found must do while the other cannot be asked
    }
    if (found != nullptr)
      throw error(error_kind::misuse, "there is a job " + store::quoted(job) + " in " +
                                          found->in->place() + " and one in " + each.in->place() +
                                          "; say which: CLUSTERLESS_STORE or --store with " +
                                          found->name + " or " + each.name);
    found = &each;
  }
  if (found != nullptr) return *found;
  std::string places;
  for (const auto& each : all)
    places += (places.empty() ? "" : " or ") + each.in->place();
  throw error(error_kind::misuse, "there is no job " + store::quoted(job) + " in " + places);
}

bool drive_when_free(store::job_record& record) {
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + record.store()->holds_linger();
  while (!record.drive()) {
    const auto who = record.driver();
    if (clock::now() >= until || (who && alive_here(*who))) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return true;
}

namespace {

std::vector<store::failure> remove_left(const store::job_record& record) {
  std::vector<std::string> places;
  for (const auto& each : record.tasks())
    if (!each.place.empty()) places.push_back(each.place);
  std::vector<store::failure> left;
  if (places.empty()) return left;
  for (auto& each : engine::remove_left_things(
           accounts_or_environment(read_configuration().cloud.accounts), places))
    left.push_back({std::move(each.first), std::move(each.second)});
  return left;
}

}  // namespace

std::vector<store::failure> end_left_tasks(store::job_record& record) {
  if (record.tasks().empty()) return {};
  if (!drive_when_free(record)) record.refuse_second_driver();
  auto left = remove_left(record);
  if (left.empty()) {
    record.append_tasks_gone();
    record.commit();
  }
  record.release();
  return left;
}

std::vector<store::failure> destroy_left_job(const std::shared_ptr<store::object_store>& in,
                                             const std::string& job, bool forced) {
  std::unique_ptr<store::job_record> record;
  if (store::has_job(*in, job)) {
    try {
      record = store::job_record::open(in, job, {.salvage = true});
    } catch (const error& caught) {
      if (caught.kind() != error_kind::failed) throw;
    }
  }
  if (record) {
    const bool free = drive_when_free(*record);
    if (free || forced) {
      if (auto left = remove_left(*record); !left.empty()) return left;
    }
    record->release();
  }
  auto left = store::destroy_job(*in, job, forced);
  for (auto& each : left)
    each.key = in->place(each.key);
  return left;
}

}  // namespace clusterless::client
