// SPDX-License-Identifier: MIT
#include "engine/azure/task_place.hpp"

#include <charconv>
#include <vector>

#include "azure/text.hpp"

namespace clusterless::engine {

namespace {

constexpr std::string_view form = "azure-1";

}  // namespace

std::string to_text(const task_place& place) {
  std::string text(form);
  for (const std::string& part : {place.batch_url, place.pool, std::to_string(place.pool_number),
                                  place.job, place.container, place.folder, place.task})
    text += ' ' + part;
  return text;
}

std::optional<task_place> parse_place(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (parts.size() != 8 || parts[0] != form) return std::nullopt;
  for (const auto& each : parts)
    if (each.empty()) return std::nullopt;
  task_place place;
  const std::string& number = parts[3];
  const auto read =
      std::from_chars(number.data(), number.data() + number.size(), place.pool_number);
  if (read.ec != std::errc() || read.ptr != number.data() + number.size()) return std::nullopt;
  place.batch_url = parts[1];
  place.pool = parts[2];
  place.job = parts[4];
  place.container = parts[5];
  place.folder = parts[6];
  place.task = parts[7];
  return place;
}

bool same_account(std::string_view one, std::string_view other) {
  const auto plain = [](std::string_view url) {
    while (url.ends_with('/'))
      url.remove_suffix(1);
    return azure::lower_case(std::string(url));
  };
  return plain(one) == plain(other);
}

}  // namespace clusterless::engine
