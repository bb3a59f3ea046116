// SPDX-License-Identifier: MIT
// A working Azure Batch on this machine: the model, its nodes, the server, the clock and the faults
// put together. It serves until it is stopped; then nothing that it started runs any more.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "emulator/http_server.hpp"
#include "emulator/json.hpp"
#include "emulator/model.hpp"

namespace clusterless::emulator {

struct emulator_options {
  http_server_options server = {};
  std::string account = "clusterless";
  std::string key = {};        ///< base64; needed
  std::string directory = {};  ///< absolute: nodes, and state if it is kept
  bool keep_state = false;     ///< read and write directory/state.json
  model_options model = {};
  double pretend_seconds = -1;  ///< at least 0: commands only pretend to run, for so long
  std::string client_id = "clusterless";
  std::string client_secret = {};  ///< empty: the key
  double token_seconds = 3600;
  std::vector<json> faults = {};
};

class emulator {
 public:
  /// Binds the port and reads the state; throws `error`.
  explicit emulator(emulator_options options);
  ~emulator();
  int port() const noexcept;
  /// "http://127.0.0.1:8080"
  std::string url() const;
  /// Serves until stop() is called, from another thread.
  void serve();
  void stop();

 private:
  class implementation;
  std::unique_ptr<implementation> inside_;
};

}  // namespace clusterless::emulator
