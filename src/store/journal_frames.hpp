// SPDX-License-Identifier: MIT
// The frames of a job's journal: their kinds and what stands in their meta. Both its writer and its
// readers go by this file; every number is little-endian.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "store/store.hpp"

namespace clusterless::store {

/// No frame holds more items than this.
inline constexpr std::uint64_t max_frame_items = 1u << 24;
/// Items are numbered below this.
inline constexpr std::uint64_t max_items = std::uint64_t{1} << 60;

/// How far the log of an epoch counts, as the next driver found it.
struct fence {
  std::uint64_t epoch = 0;
  std::uint64_t end = 0;  ///< bytes
};

enum class journal_kind : std::uint32_t {
  opened = 1,      ///< second frame of a log; body: a fence for each earlier epoch
  inputs = 2,      ///< body: pack of inputs
  sealed = 3,      ///< there will be no more inputs
  outcomes = 4,    ///< body: pack of values and errors
  reopened = 5,    ///< failures withdrawn, to be run again; body: item_range, …
  tasks = 6,       ///< tasks that outlive the client, about to be handed out; body: encode_tasks()
  tasks_gone = 7,  ///< none of those runs any more, and nothing of them is left
  claimed = 8,     ///< first frame, there from the start: an empty log is one that was emptied
};

struct opened_meta {
  std::uint64_t epoch = 0;
  std::uint64_t unix_ms = 0;
};
struct inputs_meta {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};
struct sealed_meta {
  std::uint64_t total = 0;
};
/// When has_failures is 1 a bit for each item follows, bit i % 8 of byte i / 8, set for an error.
struct outcomes_meta {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t task = 0;
  std::uint32_t attempt = 0;
  std::uint32_t has_failures = 0;
};

template <class T>
requires std::has_unique_object_representations_v<T> bytes bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// Reads a T from the front of `from`; false when it is too short.
template <class T>
bool read_front(bytes from, T& into) {
  if (from.size() < sizeof into) return false;
  std::memcpy(&into, from.data(), sizeof into);
  return true;
}

/// "<folder>/journal/<epoch>"
std::string journal_key(const std::string& folder, std::uint64_t epoch);
/// Makes the log of `epoch` for its driver; false when there is one.
bool claim_journal(object_store& in, const std::string& folder, std::uint64_t epoch);

}  // namespace clusterless::store
