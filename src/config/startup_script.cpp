// SPDX-License-Identifier: MIT
#include "config/startup_script.hpp"

#include <clusterless/error.hpp>

#include "config/file.hpp"
#include "config/wording.hpp"
#include "core/defaults.hpp"

namespace clusterless::config {

void check_startup_script(const std::string& path) {
  const std::string script =
      read_small_file({path, "start-up script",
                       "correct the path given to create_pool or pool_options.startup_script",
                       defaults::max_startup_script_bytes});
  if (script.empty()) {
    throw error(error_kind::misuse, "the start-up script " + in_quotes(path, 1000) +
                                        " is empty; write it, or give none to create_pool");
  }
}

}  // namespace clusterless::config
