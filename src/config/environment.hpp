// SPDX-License-Identifier: MIT
// The environment variables that configure Clusterless, as values, so that all other code of this
// room is a function of its arguments. A variable that is set to nothing counts as not set.
#pragma once

#include <string>

namespace clusterless::config {

struct environment {
  std::string parameters = {};   ///< PARAMETERS: path of parameters.json
  std::string credentials = {};  ///< CREDENTIALS: path of credentials.json
  std::string engine = {};       ///< CLUSTERLESS_ENGINE: name of the engine
};

/// The environment of this process.
environment read_environment();

}  // namespace clusterless::config
