// SPDX-License-Identifier: MIT
// Hostile bytes into both configuration files: whatever they are, the answer is parameters within
// their limits or an `error`, never another exception, and never a crash.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <clusterless/error.hpp>

#include "config/credentials.hpp"
#include "config/parameters.hpp"
#include "config/settings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace config = clusterless::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const config::engine_defaults local = {.name = "local", .nodes_without_file = 2};
  try {
    const config::parameters file = config::parse_parameters(text, "fuzz.json");
    const config::settings values = config::resolve({}, file, {&local, "default", {}});
    if (values.nodes < 1 || values.nodes_per_task > values.nodes) std::abort();
  } catch (const clusterless::error& refused) {
    if (std::string_view(refused.what()).empty()) std::abort();
  }
  try {
    if (config::parse_credentials(text, "fuzz.json").accounts.empty()) std::abort();
  } catch (const clusterless::error& refused) {
    if (std::string_view(refused.what()).empty()) std::abort();
  }
  return 0;
}
