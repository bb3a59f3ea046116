// SPDX-License-Identifier: MIT
// Any schema and any bytes give JSON that can be printed, or one `error`. The input is the schema,
// a line break, and the value.
#include <algorithm>
#include <clusterless/error.hpp>
#include <cstdlib>

#include "cli/npy.hpp"
#include "cli/values.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clusterless::cli;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(all.find('\n'), all.size());
  const std::string_view rest = all.substr(std::min(line + 1, all.size()));
  const bytes value = std::as_bytes(std::span(rest));
  try {
    const type of = parse_schema(all.substr(0, line));
    if (in_words(of).empty()) std::abort();
    std::vector<met_file> files;
    const json whole = decode_value(of, value, {.files = &files});
    if (json::parse(whole.dump()) != whole) std::abort();
    // What is left out changes nothing about what is accepted.
    decode_value(of, value, {.keep = 2}).dump();
    if (const auto array = as_npy(of, value); array && array->head.size() % 64 != 0) std::abort();
  } catch (const clusterless::error&) {
  }
  return 0;
}
