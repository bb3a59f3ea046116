// SPDX-License-Identifier: MIT
// What the command line asks for, as plain values. parse.hpp fills them; each command reads its
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace clusterless::cli {

/// Options that every command takes.
struct common_options {
  std::string store = {};  ///< directory; empty: CLUSTERLESS_STORE, else the default
  bool json = false;       ///< one JSON document on standard output, nothing else there
  bool quiet = false;      ///< no remarks on standard error, only errors
};

/// Items first … last, from 0.
struct item_span {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

struct jobs_request {
  bool names = false;      ///< names alone, one a line
  std::string state = {};  ///< only jobs in this state; empty: all
};
struct show_request {
  std::string job = {};
  std::optional<std::uint64_t> item = {};
  std::uint64_t limit = 10;  ///< failed items shown
  bool all = false;          ///< all of them
  bool check = false;        ///< read and check the whole record
};
struct logs_request {
  std::string job = {};
  std::optional<std::uint64_t> item = {};
  bool follow = false;
  std::optional<std::uint64_t> tail = {};  ///< last lines
};
struct fetch_request {
  std::string job = {};
  std::vector<item_span> items = {};  ///< empty: all
  std::string output = {};            ///< directory or file; empty: print
};
struct retry_request {
  std::string job = {};
  bool missing_only = false;  ///< leave failed items as they are
};
struct cancel_request {
  std::string job = {};
  double wait = 60;  ///< seconds
};
struct destroy_request {
  std::vector<std::string> jobs = {};
  bool force = false;  ///< also what a live process drives
  bool yes = false;    ///< do not ask
};
struct replay_request {
  std::string job = {};
  std::uint64_t item = 0;
  bool gdb = false;        ///< under the debugger, stopped at the function
  bool backtrace = false;  ///< under the debugger, printing the stack where it crashes
};
struct doctor_request {
  std::string program = {};
  std::optional<double> price_per_hour = {};  ///< of a node
};
struct emulator_request {
  std::string host = "127.0.0.1";
  std::uint64_t port = 0;  ///< 0: any that is free
  std::string account = "clusterless";
  std::string key = {};    ///< base64; empty: from the environment, else made
  std::string state = {};  ///< directory that outlives it; empty: none
  std::string latency = "zero";
  std::string certificate = {};
  std::string private_key = {};
  bool azurite = false;
  std::uint64_t azurite_port = 10000;
  std::string azurite_program = {};
  std::string credentials = {};  ///< a credentials.json to write
  double pretend = -1;           ///< seconds; negative: commands really run
  std::uint64_t core_quota = 0;
  std::uint64_t spot_core_quota = 0;
  std::uint64_t pool_quota = 0;
  std::uint64_t job_quota = 0;
  std::string client_id = "clusterless";
  std::string client_secret = {};
  double token_lifetime = 3600;
  std::vector<std::string> faults = {};  ///< JSON
};
struct version_request {};
struct completion_request {
  std::string shell = {};  ///< bash, zsh, fish
};

using any_request =
    std::variant<jobs_request, show_request, logs_request, fetch_request, retry_request,
                 cancel_request, destroy_request, replay_request, doctor_request, emulator_request,
                 version_request, completion_request>;

struct request {
  common_options common = {};
  any_request what = {};
};

}  // namespace clusterless::cli
