// SPDX-License-Identifier: MIT
// Any text given as $filter is either a filter that can be asked or a refusal of the service.
#include <cstdint>

#include "emulator/odata.hpp"
#include "emulator/service_error.hpp"

using namespace clusterless::emulator;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const odata_filter filter(text);
    filter.passes([](std::string_view path) -> odata_value {
      if (path.size() % 3 == 0) return std::string(path);
      if (path.size() % 3 == 1) return static_cast<double>(path.size());
      return {};
    });
    parse_select(text);
  } catch (const service_error&) {
    return 0;
  }
  return 0;
}
