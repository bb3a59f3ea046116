// SPDX-License-Identifier: MIT
// An account for tests of the engine "azure": an emulator of its own, with the test program's
// Azurite for blobs, named by the environment as a user would name it. It strikes with faults, acts
// as the somebody else who deletes things, and tells what a run has left behind.
#pragma once

#include <clusterless/clusterless.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "azure/batch.hpp"
#include "azure/blob.hpp"
#include "azure/shared_key.hpp"
#include "os/unique_fd.hpp"
#include "support/azurite.hpp"
#include "support/scratch_directory.hpp"
#include "support/server_process.hpp"

namespace clusterless::tests {

class emulated_cloud {
 public:
  /// Starts the emulator with `more` arguments and sets the AZURE_* variables of this process.
  explicit emulated_cloud(const azurite& blobs, const std::vector<std::string>& more = {});
  ~emulated_cloud();

  /// A quiet pool of the engine "azure"; `parameters` are more lines of its parameters.json.
  clusterless::pool make_pool(int nodes, const std::string& parameters = {},
                              clusterless::pool_options options = {});
  /// Blobs are reached by this from now on.
  static void use_blobs(const std::string& connection_string);

  /// Adds a fault of the emulator.
  void fault(const std::string& rule);
  void forget_faults();
  /// How often the faults of requests have struck.
  std::int64_t strikes();

  std::vector<std::string> pools();
  std::vector<std::string> jobs();
  /// Containers of single runs.
  std::vector<std::string> containers();
  void delete_job(const std::string& id);
  void terminate_job(const std::string& id);
  void delete_container(const std::string& name);
  /// Puts other bytes in place of a blob's.
  void replace_blob(const std::string& container, const std::string& name);
  /// Names of the blobs in a container that begin so.
  std::vector<std::string> blobs(const std::string& container, const std::string& prefix);
  azure::batch::pool_info pool_named(const std::string& id);
  const std::string& endpoint() const { return endpoint_; }
  const std::string& key() const { return key_; }
  /// Writes a file that is gone with this object; its path.
  std::string write_file(const std::string& name, const std::string& content);
  /// One account for CREDENTIALS, as JSON: this one, for client "app" with secret "hidden" of the
  /// tenant, or with the account's key when there is no tenant.
  std::string account(const std::string& tenant, const std::string& secret = "hidden");
  void make_pool_of_size(const std::string& id, const std::string& vm_size);
  /// Pools, jobs and containers that are there: "job a", "container b".
  std::vector<std::string> left();

 private:
  template <class T, class Start>
  T get(Start start);
  std::string control(const std::string& method, const std::string& body);

  scratch_directory folder_;
  server_process emulator_;
  std::string endpoint_;
  std::string key_;
  std::unique_ptr<azure::transport> over_ = azure::make_curl_transport();
  azure::loop on_{*over_, azure::machine_clock()};
  azure::storage_account storage_;
  std::unique_ptr<azure::shared_key_signer> by_;
  azure::shared_key_signer blobs_by_;
  std::unique_ptr<azure::exchange> calls_;
  azure::exchange blob_calls_{on_, blobs_by_};
  std::unique_ptr<azure::batch::client> batch_;
  azure::blob_client blobs_;
};

/// What goes to standard error while it is there.
class stderr_text {
 public:
  stderr_text();
  ~stderr_text();
  stderr_text(const stderr_text&) = delete;
  stderr_text& operator=(const stderr_text&) = delete;
  std::string now() const;

 private:
  scratch_directory folder_;
  os::unique_fd before_;
};

/// The text of the error that `call` throws; empty when it throws none.
std::string error_text(const std::function<void()>& call);

}  // namespace clusterless::tests
