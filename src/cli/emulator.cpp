// SPDX-License-Identifier: MIT
// clusterless emulator
#include "emulator/emulator.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <clusterless/error.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "emulator/auth.hpp"
#include "os/process.hpp"

namespace clusterless::cli {

namespace {

namespace fs = std::filesystem;
using emulator::emulator_options;

constexpr std::chrono::seconds azurite_patience(60);
// The account that Azurite has by default; its key is public ("Use the Azurite emulator").
const char* const blob_account = "devstoreaccount1";
const char* const blob_key =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A directory that is gone with the emulator, unless state is kept.
class place {
 public:
  explicit place(const std::string& kept) : kept_(!kept.empty()) {
    if (kept_) {
      fs::create_directories(kept);
      path_ = fs::canonical(kept);
      fs::permissions(path_, fs::perms::owner_all);
      return;
    }
    std::string pattern = fs::temp_directory_path() / "clusterless-emulator-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
      throw error(error_kind::failed, "cannot make a directory in " +
                                          fs::temp_directory_path().string() +
                                          ": set TMPDIR to one that can be written");
    path_ = pattern;
  }
  ~place() {
    std::error_code ignored;
    if (!kept_) fs::remove_all(path_, ignored);
  }
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  const std::string& path() const { return path_; }

 private:
  bool kept_;
  std::string path_;
};

/// The key given, that of the environment, that of an earlier run, or a new one.
std::string account_key(const emulator_request& what, const std::string& directory) {
  if (!what.key.empty()) return what.key;
  if (const char* set = std::getenv("AZURE_BATCH_ACCESS_KEY"); set != nullptr && *set != '\0')
    return set;
  const std::string path = directory + "/key";
  std::string key;
  if (std::ifstream file(path); file >> key) return key;
  key = emulator::random_key(64);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 || ::write(fd, key.data(), key.size()) != static_cast<ssize_t>(key.size()))
    throw error(error_kind::failed, "cannot write " + path);
  ::close(fd);
  return key;
}

bool accepts(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool made = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  ::close(fd);
  return made;
}

std::string program_in_path(const std::string& name) {
  const char* const path = std::getenv("PATH");
  const std::string all = path != nullptr ? path : "";
  for (std::size_t at = 0; at <= all.size();) {
    const auto end = std::min(all.find(':', at), all.size());
    std::string whole = all.substr(at, end - at) + '/' + name;
    if (::access(whole.c_str(), X_OK) == 0) return whole;
    at = end + 1;
  }
  return {};
}

/// Starts Azurite's Blob part and waits until it listens.
os::child_process start_azurite(const emulator_request& what, const std::string& directory) {
  const int port = static_cast<int>(what.azurite_port);
  if (accepts(port))
    throw error(error_kind::busy, "something listens on port " + std::to_string(port) +
                                      " already: give another --azurite-port");
  os::start_request start;
  start.path =
      what.azurite_program.empty() ? program_in_path("azurite-blob") : what.azurite_program;
  if (start.path.empty())
    throw error(error_kind::misuse,
                "there is no azurite-blob in PATH: install it with `npm install -g azurite`, or "
                "name it with --azurite-program");
  start.argv = {start.path,   "--silent",           "--location",         directory + "/azurite",
                "--blobPort", std::to_string(port), "--disableTelemetry", "--skipApiVersionCheck"};
  if (start.path.ends_with(".js")) {
    start.argv.insert(start.argv.begin(), "node");
    start.argv[1] = start.path;
    start.path = program_in_path("node");
  }
  const int log =
      ::open((directory + "/azurite.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  start.output = log;
  os::child_process made = os::child_process::start(start);
  if (log >= 0) ::close(log);
  const auto until = std::chrono::steady_clock::now() + azurite_patience;
  while (!accepts(port)) {
    if (made.ended() || std::chrono::steady_clock::now() > until)
      throw error(error_kind::failed, "Azurite did not start: see " + directory + "/azurite.log");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return made;
}

/// A preset, or seconds by name: {"boot": 5}.
emulator::latencies latencies_of(const std::string& text) {
  if (text == "realistic") return emulator::realistic_latencies();
  emulator::latencies made = emulator::zero_latencies();
  if (text == "zero") return made;
  const std::pair<const char*, emulator::ticks*> names[] = {{"allocation", &made.allocation},
                                                            {"boot", &made.boot},
                                                            {"schedule", &made.schedule},
                                                            {"removal", &made.removal},
                                                            {"restore", &made.restore},
                                                            {"job_end", &made.job_end},
                                                            {"stop", &made.stop},
                                                            {"autoscale_gap", &made.autoscale_gap}};
  const emulator::json given = emulator::json::parse(text, nullptr, false);
  std::size_t known = 0;
  for (const auto& [name, into] : names) {
    const emulator::json& seconds = emulator::member(given, name);
    if (!seconds.is_number() || seconds.get<double>() < 0 || seconds.get<double>() > 1e6) continue;
    *into = static_cast<emulator::ticks>(seconds.get<double>() * emulator::one_second);
    ++known;
  }
  if (!given.is_object() || known != given.size())
    throw error(
        error_kind::misuse,
        "--latency takes zero, realistic, or seconds as in {\"allocation\": 1, \"boot\": 2, "
        "\"schedule\": 0.5, \"removal\": 1, \"restore\": 60, \"job_end\": 1, "
        "\"stop\": 5, \"autoscale_gap\": 30}, not: " +
            text);
  return made;
}

emulator_options options_of(const emulator_request& what, const std::string& directory) {
  if (what.port > 65535 || what.azurite_port > 65535)
    throw error(error_kind::misuse, "a port is a number up to 65535");
  emulator_options made;
  made.server.host = what.host;
  made.server.port = static_cast<int>(what.port);
  made.server.certificate = what.certificate;
  made.server.key = what.private_key;
  made.account = what.account;
  made.key = account_key(what, directory);
  made.directory = directory;
  made.keep_state = !what.state.empty();
  made.model.takes = latencies_of(what.latency);
  made.model.dedicated_core_quota = static_cast<int>(what.core_quota);
  made.model.spot_core_quota = static_cast<int>(what.spot_core_quota);
  made.model.pool_quota = static_cast<int>(what.pool_quota);
  made.model.job_quota = static_cast<int>(what.job_quota);
  made.model.seed = std::random_device()();
  made.pretend_seconds = what.pretend;
  made.client_id = what.client_id;
  made.client_secret = what.client_secret;
  made.token_seconds = what.token_lifetime;
  for (const std::string& each : what.faults) {
    emulator::json fault = emulator::json::parse(each, nullptr, false);
    if (fault.is_discarded()) throw error(error_kind::misuse, "--fault takes JSON, not: " + each);
    made.faults.push_back(std::move(fault));
  }
  return made;
}

/// A file for CREDENTIALS.
void write_credentials(const std::string& path, const emulator_request& what,
                       const emulator_options& with, const std::string& url,
                       const std::string& blobs) {
  json all{{"_BATCH_ACCOUNT_NAME", with.account},
           {"_BATCH_ACCOUNT_KEY", with.key},
           {"_BATCH_ACCOUNT_URL", url},
           {"_STORAGE_ACCOUNT_NAME", blob_account},
           {"_STORAGE_ACCOUNT_KEY", blob_key},
           {"_STORAGE_ACCOUNT_URL", blobs},
           {"_REGION", "emulator"}};
  if (!what.client_id.empty() && !what.client_secret.empty()) {
    all["_AD_TENANT"] = "emulator";
    all["_AD_BATCH_CLIENT_ID"] = what.client_id;
    all["_AD_SECRET_BATCH"] = what.client_secret;
  }
  const std::string text = all.dump(2) + '\n';
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool good = fd >= 0 && ::fchmod(fd, 0600) == 0 &&
                    ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!good) throw error(error_kind::failed, "cannot write the credentials file " + path);
}

void tell_environment(const emulator_request& what, const emulator_options& with,
                      const std::string& url, const console& on) {
  json all{{"AZURE_BATCH_ACCOUNT", with.account},
           {"AZURE_BATCH_ACCESS_KEY", with.key},
           {"AZURE_BATCH_ENDPOINT", url}};
  const std::string blobs =
      "http://127.0.0.1:" + std::to_string(what.azurite_port) + '/' + blob_account;
  if (!what.credentials.empty()) {
    write_credentials(what.credentials, what, with, url, blobs);
    all["CREDENTIALS"] = fs::absolute(what.credentials).string();
  }
  if (what.azurite) {
    all["AZURE_STORAGE_CONNECTION_STRING"] =
        std::string("DefaultEndpointsProtocol=http;AccountName=") + blob_account +
        ";AccountKey=" + blob_key + ";BlobEndpoint=" + blobs + ';';
  }
  if (on.json_wanted()) {
    on.print_json(json{{"environment", all}, {"pid", ::getpid()}});
  } else {
    for (const auto& [name, value] : all.items())
      on.print("export " + name + "='" + value.get<std::string>() + "'\n");
    on.say("An Azure Batch is at " + url + "; Ctrl-C ends it and all it runs.");
  }
  std::fflush(stdout);
}

}  // namespace

int run_command(const emulator_request& what, const common_options&, const console& on) {
  // Threads made from here on leave these signals to the one that waits for them.
  sigset_t ends;
  ::sigemptyset(&ends);
  for (const int each : {SIGINT, SIGTERM, SIGHUP})
    ::sigaddset(&ends, each);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const place where(what.state);
  const emulator_options with = options_of(what, where.path());
  os::child_process azurite;
  if (what.azurite) azurite = start_azurite(what, where.path());
  emulator::emulator runs(with);
  tell_environment(what, with, runs.url(), on);
  std::thread waiter([&] {
    int number = 0;
    ::sigwait(&ends, &number);
    runs.stop();
  });
  runs.serve();
  waiter.join();
  return exit_good;
}

}  // namespace clusterless::cli
