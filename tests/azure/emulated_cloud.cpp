// SPDX-License-Identifier: MIT
#include "azure/emulated_cloud.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "core/defaults.hpp"

namespace clusterless::tests {

namespace {

constexpr const char* names[] = {"AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCOUNT",
                                 "AZURE_BATCH_ACCESS_KEY", "AZURE_STORAGE_CONNECTION_STRING"};

std::vector<std::string> command(const std::vector<std::string>& more) {
  std::vector<std::string> all{CLUSTERLESS_TOOL, "emulator", "--json"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

emulated_cloud::emulated_cloud(const azurite& blobs, const std::vector<std::string>& more)
    : emulator_(command(more), folder_.path()),
      storage_(azure::parse_connection_string(blobs.connection_string)),
      blobs_by_(azure::service::blob, storage_.name,
                core::secret(std::string(storage_.key.reveal()))),
      blobs_(blob_calls_, storage_.endpoint) {
  REQUIRE_MESSAGE(emulator_.says("\n}\n"), emulator_.said());
  const std::string& said = emulator_.said();
  const auto told = nlohmann::json::parse(said.substr(said.find('{'))).at("environment");
  endpoint_ = told.at("AZURE_BATCH_ENDPOINT");
  key_ = told.at("AZURE_BATCH_ACCESS_KEY");
  const std::string account = told.at("AZURE_BATCH_ACCOUNT");
  by_ = std::make_unique<azure::shared_key_signer>(azure::service::batch, account,
                                                   core::secret(std::string(key_)));
  calls_ = std::make_unique<azure::exchange>(on_, *by_);
  batch_ = std::make_unique<azure::batch::client>(*calls_, endpoint_);
  for (const char* name : {"PARAMETERS", "CREDENTIALS"})
    ::unsetenv(name);
  ::setenv(names[0], endpoint_.c_str(), 1);
  ::setenv(names[1], account.c_str(), 1);
  ::setenv(names[2], key_.c_str(), 1);
  use_blobs(blobs.connection_string);
}

emulated_cloud::~emulated_cloud() {
  for (const char* name : names)
    ::unsetenv(name);
}

void emulated_cloud::use_blobs(const std::string& connection_string) {
  ::setenv(names[3], connection_string.c_str(), 1);
}

clusterless::pool emulated_cloud::make_pool(int nodes, const std::string& parameters,
                                            clusterless::pool_options options) {
  options.engine = "azure";
  options.nodes = nodes;
  if (!options.pools) options.pools = 1;
  if (!options.verbose) options.verbose = false;
  if (!parameters.empty()) {
    options.parameters = folder_.path() + "/parameters.json";
    std::ofstream(options.parameters) << '{' << parameters << '}';
  }
  return clusterless::create_pool(options);
}

template <class T, class Start>
T emulated_cloud::get(Start start) {
  auto got = azure::wait_for<T>(on_, start);
  REQUIRE_MESSAGE(got, (got ? "" : got.error().text()));
  return std::move(got.value());
}

std::string emulated_cloud::control(const std::string& method, const std::string& body) {
  azure::call asked;
  asked.what = "set a fault";
  asked.request.method = method;
  asked.request.url = endpoint_ + "/_clusterless/faults";
  asked.request.headers = {{"Authorization", "Key " + key_}, {"Content-Type", "application/json"}};
  asked.request.body = body;
  azure::no_signer open;
  azure::exchange direct(on_, open);
  return get<azure::response>([&](auto then) { direct.send(std::move(asked), then); }).body;
}

void emulated_cloud::fault(const std::string& rule) {
  control("POST", rule);
}

void emulated_cloud::forget_faults() {
  control("DELETE", "");
}

std::int64_t emulated_cloud::strikes() {
  std::int64_t sum = 0;
  const auto told = nlohmann::json::parse(control("GET", ""));
  for (const auto& each : told.at("faults"))
    sum += each.value("hits", std::int64_t{0});
  return sum;
}

std::vector<std::string> emulated_cloud::pools() {
  std::vector<std::string> ids;
  const auto all = get<azure::batch::page<azure::batch::pool_info>>(
      [&](auto then) { batch_->list_pools({}, then); });
  for (const auto& each : all.items)
    ids.push_back(each.id);
  return ids;
}

std::vector<std::string> emulated_cloud::jobs() {
  std::vector<std::string> ids;
  const auto all = get<azure::batch::page<azure::batch::job_info>>(
      [&](auto then) { batch_->list_jobs({}, then); });
  for (const auto& each : all.items)
    ids.push_back(each.id);
  return ids;
}

std::vector<std::string> emulated_cloud::containers() {
  return get<azure::container_page>([&](auto then) {
           blobs_.list_containers(std::string(defaults::blob_container) + '-', {}, then);
         })
      .names;
}

void emulated_cloud::delete_job(const std::string& id) {
  get<bool>([&](auto then) { batch_->delete_job(id, then); });
}

void emulated_cloud::terminate_job(const std::string& id) {
  get<azure::done>([&](auto then) { batch_->terminate_job(id, "by hand", then); });
}

void emulated_cloud::delete_container(const std::string& name) {
  get<bool>([&](auto then) { blobs_.delete_container(name, then); });
}

void emulated_cloud::replace_blob(const std::string& container, const std::string& name) {
  const std::string other = "these are other bytes";
  get<azure::blob_facts>(
      [&](auto then) { blobs_.put(container, name, std::as_bytes(std::span(other)), {}, then); });
}

std::vector<std::string> emulated_cloud::blobs(const std::string& container,
                                               const std::string& prefix) {
  std::vector<std::string> names;
  const auto all =
      get<azure::blob_page>([&](auto then) { blobs_.list(container, prefix, {}, then); });
  for (const auto& each : all.blobs)
    names.push_back(each.name);
  return names;
}

azure::batch::pool_info emulated_cloud::pool_named(const std::string& id) {
  const auto found =
      get<std::optional<azure::batch::pool_info>>([&](auto then) { batch_->get_pool(id, then); });
  REQUIRE(found);
  return *found;
}

std::string emulated_cloud::write_file(const std::string& name, const std::string& content) {
  const std::string path = folder_.path() + '/' + name;
  std::ofstream(path) << content;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

std::string emulated_cloud::account(const std::string& tenant, const std::string& secret) {
  nlohmann::json all{{"_BATCH_ACCOUNT_URL", endpoint_},
                     {"_BATCH_ACCOUNT_NAME", "clusterless"},
                     {"_STORAGE_ACCOUNT_NAME", storage_.name},
                     {"_STORAGE_ACCOUNT_KEY", storage_.key.reveal()},
                     {"_STORAGE_ACCOUNT_URL", storage_.endpoint}};
  if (tenant.empty()) {
    all["_BATCH_ACCOUNT_KEY"] = key_;
  } else {
    all["_AD_TENANT"] = tenant;
    all["_AD_BATCH_CLIENT_ID"] = "app";
    all["_AD_SECRET_BATCH"] = secret;
  }
  return all.dump(1);
}

void emulated_cloud::make_pool_of_size(const std::string& id, const std::string& vm_size) {
  azure::batch::pool_spec pool;
  pool.id = id;
  pool.vm_size = vm_size;
  const auto images = get<azure::batch::page<azure::batch::image_support>>([&](auto then) {
                        batch_->list_images({}, then);
                      }).items;
  const auto fits = std::find_if(images.begin(), images.end(), [](const auto& each) {
    return each.verified && each.os == "linux";
  });
  REQUIRE(fits != images.end());
  pool.image = fits->image;
  pool.node_agent = fits->node_agent;
  pool.slots_per_node = 1;
  get<bool>([&](auto then) { batch_->add_pool(pool, then); });
}

std::vector<std::string> emulated_cloud::left() {
  std::vector<std::string> all;
  for (const auto& each : pools())
    all.push_back("pool " + each);
  for (const auto& each : jobs())
    all.push_back("job " + each);
  for (const auto& each : containers())
    all.push_back("container " + each);
  return all;
}

stderr_text::stderr_text() : before_(::dup(2)) {
  const os::unique_fd file(::open((folder_.path() + "/stderr").c_str(),
                                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  ::dup2(file.get(), 2);
}

stderr_text::~stderr_text() {
  ::dup2(before_.get(), 2);
}

std::string stderr_text::now() const {
  std::ifstream file(folder_.path() + "/stderr");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string error_text(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& caught) {
    return caught.what();
  }
  return {};
}

}  // namespace clusterless::tests
