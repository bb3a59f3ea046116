// SPDX-License-Identifier: MIT
#include "session/broadcasts.hpp"

#include <clusterless/broadcast.hpp>

#include <map>
#include <tuple>
#include <vector>

#include "session/context.hpp"
#include "session/worker.hpp"

namespace clusterless {

namespace {

// The same bytes may be read as different types, so the decoder is part of the name.
using cache_key = std::tuple<std::uint64_t, std::uint64_t, detail::decode_broadcast>;

std::map<cache_key, std::shared_ptr<const void>>& cache() {
  static std::map<cache_key, std::shared_ptr<const void>> values;
  return values;
}

session::broadcast_finder& finder() {
  static session::broadcast_finder only;
  return only;
}

thread_local std::vector<std::shared_ptr<const void>>* collecting = nullptr;

}  // namespace

namespace session {

void find_broadcasts_with(broadcast_finder found_by) {
  finder() = std::move(found_by);
}

void drop_broadcast(const std::uint64_t (&key)[2]) {
  auto& values = cache();
  const auto first = values.lower_bound({key[0], key[1], nullptr});
  auto last = first;
  while (last != values.end() && std::get<0>(last->first) == key[0] &&
         std::get<1>(last->first) == key[1])
    ++last;
  values.erase(first, last);
}

}  // namespace session

namespace detail {

broadcast_collector::broadcast_collector(std::vector<std::shared_ptr<const void>>& keep)
    : before_(collecting) {
  collecting = &keep;
}
broadcast_collector::~broadcast_collector() {
  collecting = before_;
}

void collect_broadcast(const std::shared_ptr<const void>& stored) {
  if (collecting == nullptr) return;
  if (!collecting->empty() && collecting->back() == stored) return;
  collecting->push_back(stored);
}

std::shared_ptr<const void> broadcast_value(const std::uint64_t (&key)[2],
                                            decode_broadcast decode) {
  const cache_key name{key[0], key[1], decode};
  const auto found = cache().find(name);
  if (found != cache().end()) return found->second;
  auto* link = session::this_context().link;
  if (link == nullptr && finder()) {
    if (const auto stored = finder()(key)) {
      reader in(stored->bytes.data(), stored->bytes.size(), &stored->beside);
      auto value = decode(in);
      cache()[name] = value;
      return value;
    }
  }
  if (link == nullptr)
    throw error(error_kind::misuse,
                "a broadcast is read outside of the program that made it and of its items");
  std::vector<std::byte> copied;
  segment_ptr shared;
  segment_list beside;
  const std::byte* data = nullptr;
  std::size_t size = 0;
  link->fetch_broadcast(key, copied, shared, data, size, beside);
  reader in(data, size, &beside);
  auto value = decode(in);
  expect_end(in);
  cache()[name] = value;
  return value;
}

}  // namespace detail
}  // namespace clusterless
