// SPDX-License-Identifier: MIT
#include "os/frame_origin.hpp"

#include <algorithm>
#include <string_view>

namespace clusterless::os {
namespace {

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool leads_to(frame_origin from) {
  return from == frame_origin::start || from == frame_origin::standard;
}

// What remains of a mangled name when the marks of local entities (Z), nesting (N) and qualifiers
// (Itanium C++ ABI, section 5.1) are taken from its front: it begins with the outermost namespace.
std::string_view outermost(std::string_view name) {
  name.remove_prefix(2);
  while (name.starts_with('Z'))
    name.remove_prefix(1);
  if (name.starts_with('N')) name.remove_prefix(1);
  while (!name.empty() && std::string_view("rVKRO").find(name.front()) != std::string_view::npos)
    name.remove_prefix(1);
  return name;
}

frame_origin origin_of_unnamed(std::string_view module) {
  const std::string_view file = module.substr(module.rfind('/') + 1);
  return starts_with_any(file, {"libc.so", "libpthread.so", "libstdc++.so", "ld-linux"})
             ? frame_origin::start
             : frame_origin::user;
}

// Where this library was built from: the path of this file without "os/frame_origin.cpp".
bool is_own_source(std::string_view source) {
  std::string_view root = __FILE__;
  root.remove_suffix(std::string_view("os/frame_origin.cpp").size());
  const bool of_tests = source.ends_with("_test.cpp") || source.ends_with("_test.hpp");
  return source.find("/include/clusterless/") != source.npos ||
         (root.size() > 1 && source.starts_with(root) && !of_tests);
}

frame_origin origin_of_plain(std::string_view name, std::string_view source) {
  if (name == "main") return frame_origin::main;
  for (std::string_view starter : {"_start", "start_thread", "clone", "clone3", "__clone3"})
    if (name == starter) return frame_origin::start;
  if (starts_with_any(name, {"__libc_start_main", "__libc_start_call_main"}))
    return frame_origin::start;
  if (is_own_source(source)) return frame_origin::library;
  return source.find("/include/c++/") != source.npos ? frame_origin::standard : frame_origin::user;
}

}  // namespace

frame_origin origin_of(const function_place& place) {
  const std::string& symbol = place.symbol;
  if (symbol.empty()) return origin_of_unnamed(place.module);
  if (!symbol.starts_with("_Z")) return origin_of_plain(symbol, place.source);
  const std::string_view name = outermost(symbol);
  if (name.starts_with("11clusterless")) return frame_origin::library;
  if (starts_with_any(name, {"St", "9__gnu_cxx", "10__cxxabiv1"})) return frame_origin::standard;
  return frame_origin::user;
}

std::size_t frames_to_show(const std::vector<frame_origin>& frames) {
  std::size_t cut = frames.size();
  const auto lowest = std::find(frames.rbegin(), frames.rend(), frame_origin::library);
  if (lowest != frames.rend()) {
    // Below our lowest frame lie main and what it called, or a thread's start. Anything else there
    // is a thread of the user's that called us, and nothing below its function is ours.
    const auto below = lowest.base();
    const bool ours = std::find(below, frames.end(), frame_origin::main) != frames.end() ||
                      std::all_of(below, frames.end(), leads_to);
    if (ours) cut = static_cast<std::size_t>(below - frames.begin());
  }
  while (cut > 0 && (frames[cut - 1] == frame_origin::library || leads_to(frames[cut - 1])))
    --cut;
  if (cut > 0) return cut;
  cut = frames.size();
  while (cut > 0 && leads_to(frames[cut - 1]))
    --cut;
  return cut > 0 ? cut : frames.size();
}

}  // namespace clusterless::os
