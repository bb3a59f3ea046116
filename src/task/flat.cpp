// SPDX-License-Identifier: MIT
#include "task/flat.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include <clusterless/error.hpp>

#include "core/checksum.hpp"

namespace clusterless::task {

namespace {

constexpr std::size_t fields = 3;  // of a segment in the table: id, capacity, bytes stored

/// Segments are as large as the next power of two; the rest of a fresh one is zero. At least half
/// is kept, so that a file cannot ask for more memory than twice what it has.
byte_view without_zeros(const detail::segment& of) {
  std::size_t size = of.capacity;
  while (size > of.capacity - of.capacity / 2 && of.data[size - 1] == std::byte{0})
    --size;
  return {of.data, size};
}

byte_view as_bytes_of(const std::vector<std::uint64_t>& words) {
  return std::as_bytes(std::span(words));
}

}  // namespace

flat_parts::flat_parts(byte_view payload, const detail::segment_list& beside)
    : table_{0, payload.size()} {
  std::unordered_set<std::uint64_t> seen;
  std::vector<byte_view> stored;
  for (const auto& each : beside) {
    if (!each || !seen.insert(each->id).second) continue;
    stored.push_back(without_zeros(*each));
    table_.insert(table_.end(), {each->id, each->capacity, stored.back().size()});
  }
  table_.front() = stored.size();
  parts_.push_back(as_bytes_of(table_));
  parts_.push_back(payload);
  parts_.insert(parts_.end(), stored.begin(), stored.end());
  for (const auto& each : parts_)
    size_ += each.size();
}

std::optional<flat_view> read_flat(byte_view from) {
  std::uint64_t head[2];
  if (from.size() < sizeof head) return std::nullopt;
  std::memcpy(head, from.data(), sizeof head);
  from = from.subspan(sizeof head);
  if (head[0] > from.size() / (fields * sizeof(std::uint64_t))) return std::nullopt;
  std::vector<std::uint64_t> table(static_cast<std::size_t>(head[0]) * fields);
  if (!table.empty()) std::memcpy(table.data(), from.data(), table.size() * sizeof(std::uint64_t));
  from = from.subspan(table.size() * sizeof(std::uint64_t));
  const auto take = [&from](std::uint64_t n) {
    const byte_view taken = from.first(static_cast<std::size_t>(n));
    from = from.subspan(taken.size());
    return taken;
  };
  flat_view view;
  if (head[1] > from.size()) return std::nullopt;
  view.payload = take(head[1]);
  for (std::size_t i = 0; i < table.size(); i += fields) {
    flat_segment one{table[i], table[i + 1], {}};
    const std::uint64_t stored = table[i + 2];
    if (one.capacity < detail::segment_threshold || stored > from.size() || one.capacity < stored ||
        one.capacity - stored > stored)
      return std::nullopt;
    one.data = take(stored);
    view.beside.push_back(one);
  }
  if (!from.empty()) return std::nullopt;
  return view;
}

detail::segment_list in_memory(const std::vector<flat_segment>& beside) {
  detail::segment_list made;
  for (const auto& each : beside) {
    auto one = detail::allocate_segment(static_cast<std::size_t>(each.capacity));
    std::memcpy(one->data, each.data.data(), each.data.size());
    std::memset(one->data + each.data.size(), 0, one->capacity - each.data.size());
    one->id = each.id;
    made.push_back(std::move(one));
  }
  return made;
}

// Values refer to a segment by its number, somewhere among their bytes. What only looks like it
// costs bytes, nothing else.
detail::segment_list referred_to(byte_view payload, const detail::segment_list& beside) {
  if (beside.size() < 2) return beside;
  std::unordered_map<std::uint64_t, detail::segment_ptr> by_id;
  for (const auto& each : beside)
    if (each) by_id.emplace(each->id, each);
  detail::segment_list found;
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= payload.size() && !by_id.empty(); ++at) {
    std::uint64_t id = 0;
    std::memcpy(&id, payload.data() + at, sizeof id);
    const auto here = by_id.find(id);
    if (here == by_id.end()) continue;
    found.push_back(std::move(here->second));
    by_id.erase(here);
  }
  return found;
}

std::vector<std::byte> seal(std::uint64_t kind, const std::vector<byte_view>& parts) {
  const std::uint64_t head[2] = {kind, core::checksum64(parts)};
  std::size_t size = sizeof head;
  for (const auto& each : parts)
    size += each.size();
  std::vector<std::byte> file(size);
  std::byte* at = file.data();
  const auto add = [&at](byte_view part) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  };
  add(std::as_bytes(std::span(head)));
  for (const auto& each : parts)
    add(each);
  return file;
}

void refuse(const std::string& what, const std::string& why) {
  throw error(error_kind::failed, what + " cannot be used: " + why);
}

byte_view unseal(std::uint64_t kind, const std::string& what, byte_view file) {
  std::uint64_t head[2];
  if (file.size() < sizeof head) refuse(what, "it is cut short");
  std::memcpy(head, file.data(), sizeof head);
  if (head[0] != kind) refuse(what, "it is something else, or of another version");
  const byte_view rest = file.subspan(sizeof head);
  if (core::checksum64(rest.data(), rest.size()) != head[1])
    refuse(what, "its bytes do not match their checksum");
  return rest;
}

}  // namespace clusterless::task
