// SPDX-License-Identifier: MIT
#include "engine/azure/vm_size.hpp"

#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "azure/text.hpp"

namespace clusterless::engine {

namespace {

/// "e", "2", "s", "v3" of "standard_e2s_v3"; "nc", "24", "ads", "a100v4" of "…nc24ads_a100_v4".
struct size_parts {
  std::string letters = {};
  int number = 0;
  bool constrained = false;  ///< "e4-2s": some of the processors are off
  std::string features = {};
  std::string version = {};
};

std::optional<size_parts> parts_of(const std::string& vm_size) {
  const std::string name = azure::lower_case(vm_size);
  constexpr std::string_view start = "standard_";
  if (!name.starts_with(start)) return std::nullopt;
  size_parts of;
  std::size_t at = start.size();
  const auto is = [&](auto kind) {
    return at < name.size() && kind(static_cast<unsigned char>(name[at])) != 0;
  };
  while (is([](int c) { return std::isalpha(c); }))
    of.letters += name[at++];
  std::string digits;
  while (is([](int c) { return std::isdigit(c); }) && digits.size() < 4)
    digits += name[at++];
  if (of.letters.empty() || digits.empty()) return std::nullopt;
  of.number = std::atoi(digits.c_str());
  of.constrained = at < name.size() && name[at] == '-';
  while (at < name.size() && name[at] != '_')
    of.features += name[at++];
  for (; at < name.size(); ++at)
    if (name[at] != '_') of.version += name[at];
  return of;
}

// Sizes whose number is no number of processors: those of D, DS and A before their versions had
// one.
constexpr std::array<std::pair<int, int>, 9> numbered = {
    {{1, 1}, {2, 2}, {3, 4}, {4, 8}, {5, 16}, {11, 2}, {12, 4}, {13, 8}, {14, 16}}};
constexpr std::array<std::pair<int, int>, 8> of_series_a = {
    {{0, 1}, {1, 1}, {2, 2}, {3, 4}, {4, 8}, {5, 2}, {6, 4}, {7, 8}}};

template <std::size_t N>
std::optional<int> looked_up(const std::array<std::pair<int, int>, N>& in, int number) {
  for (const auto& [size, processors] : in)
    if (size == number) return processors;
  return std::nullopt;
}

}  // namespace

std::optional<int> vcpus_of(const std::string& vm_size) {
  const auto of = parts_of(vm_size);
  if (!of || of->number == 0 || of->constrained) return std::nullopt;
  const bool first_versions = of->version.empty() || of->version == "v2";
  if ((of->letters == "d" || of->letters == "ds") && first_versions) {
    if (of->number == 15) return 20;
    return looked_up(numbered, of->number);
  }
  if (of->letters == "a" && of->version.empty()) return looked_up(of_series_a, of->number);
  if (of->letters == "g" || of->letters == "gs") return std::nullopt;
  return of->number;
}

std::string family_of(const std::string& vm_size) {
  const auto of = parts_of(vm_size);
  if (!of || of->constrained) return {};
  return "standard" + of->letters + of->features + of->version + "family";
}

}  // namespace clusterless::engine
