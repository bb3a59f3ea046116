// SPDX-License-Identifier: MIT
// All messages between the supervisor of a task and its processes, for every link. A message is a
// type, a fixed part (one of the structs here, little-endian), a payload of bytes, and segments
// that travel beside it. Both ends are the same build; `hello` proves it. Fixed parts are still
// checked for their size, and payloads for their form, because a process may go wild before it
// dies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

namespace clusterless::wire {

inline constexpr std::uint32_t version = 1;

enum class type : std::uint16_t {
  // supervisor -> process
  hello = 1,
  define_call,
  run,
  nested_outcomes,
  broadcast_data,
  forget_broadcast,
  forget_call,
  quit,
  // process -> supervisor
  ready = 32,
  outcomes,
  item_failed,
  nested_begin,
  nested_items,
  nested_end,
  progress,
  want_broadcast,
  // both ways
  release_segments = 64,
};

/// First message. Payload: node names, each ended by a zero byte, this process's own node first.
struct hello {
  std::uint32_t version;
  std::int32_t supervisor_pid;
  std::int32_t id;     ///< 1: runs items; 2…: workers
  std::int32_t count;  ///< processes of the task, this one included
  std::int32_t nodes;
  std::int32_t pool;
  std::uint8_t build_id[20];
  std::int32_t omp_threads;
};

struct ready {
  std::uint32_t version;
  std::int32_t pid;
  std::uint8_t build_id[20];
  std::int32_t reserved;
};

/// A function and its bound arguments, before the first run that uses it. Payload: bound arguments.
struct define_call {
  std::uint64_t call;
  std::uint64_t entry_offset;
  std::uint64_t target_offset;  ///< no_target when there is none
  std::uint64_t max_item_bytes;
  std::uint32_t by_reference;  ///< results may travel beside the message
  std::uint32_t env_bytes;     ///< at the start of the payload: name=value, each ended by a zero
};
inline constexpr std::uint64_t no_target = ~std::uint64_t{0};

/// Items to run one after the other. Payload: a pack of `count` items.
struct run {
  std::uint64_t key;   ///< names this run in answers
  std::uint64_t root;  ///< key of the job's run that it is part of
  std::uint64_t call;
  std::uint64_t first;
  std::uint64_t count;
  std::uint64_t task;  ///< number shown to users
  std::uint64_t map;   ///< of a nested run: the number its map has in process `owner`
  std::int32_t owner;  ///< 0: not nested
  std::uint32_t attempt;
  std::uint32_t depth;  ///< 0: an item of a job; 1…: of a nested map
  std::uint32_t claim;  ///< 1 or 2: to be claimed there before it is begun; 0: need not be
};

/// Values of the next `count` items of a run. Payload: a pack. With `last` the run is over; items
/// that are left then were not started, because the run was to stop.
struct outcomes {
  std::uint64_t key;
  std::uint64_t count;
  std::uint64_t nanoseconds;  ///< time spent on them
  std::uint32_t last;
  std::uint32_t reserved;
};

/// The next item of a run failed, and the run is over: items after it were not started. Payload: an
/// encoded error_info.
struct item_failed {
  std::uint64_t key;
};

/// A nested map. Payload: as in define_call.
struct nested_begin {
  std::uint64_t map;   ///< unique in the process
  std::uint64_t run;   ///< that begins it
  std::uint64_t item;  ///< index in that run
  std::uint64_t entry_offset;
  std::uint64_t target_offset;
  std::uint64_t items_per_task;
  std::int64_t timeout_ns;
  std::int32_t retries_user;
  std::int32_t retries_lost;
  std::int32_t pinned;  ///< worker that must run it, 0: any
  std::uint32_t stop_on_error;
  std::uint64_t max_item_bytes;
  std::uint32_t env_bytes;
  std::uint32_t reserved;
};

/// More items of a nested map. Payload: a pack.
struct nested_items {
  std::uint64_t map;
  std::uint64_t first;
  std::uint64_t count;
  std::uint32_t end;  ///< no more will come
  std::uint32_t reserved;
};

/// Outcomes of a nested map's items, in any order. Payload: a pack.
struct nested_outcomes {
  std::uint64_t map;
  std::uint64_t first;
  std::uint64_t count;
};

/// The map's caller does not want the rest (it threw, or its map is over).
struct nested_end {
  std::uint64_t map;
};

/// Payload: the text.
struct progress {
  std::uint64_t key;
  double fraction;
};

struct broadcast_key {
  std::uint64_t key[2];
};

struct call_key {
  std::uint64_t call;
};

// --- between hosts: the supervisor of a task and the agent of another of its nodes ---------------

/// What crosses a link between hosts. Each frame is a link_head, for each segment that travels
/// beside it a link_segment, the fixed part, the payload, and the segments' bytes.
enum class link : std::uint16_t {
  greeting = 1,     ///< first in both directions: link_greeting
  message,          ///< a message of `type` to or from a process
  start,            ///< link_start; payload: names of nodes as in hello
  stop,             ///< link_number: key of the job's run that is to stop
  kill,             ///< link_number: an os::own_kill
  kill_with_stack,  ///< link_number: the limit in nanoseconds
  printed,          ///< payload: whole lines
  where,            ///< link_where
  died,             ///< link_died; payload: type, message, trace, each ended by a zero byte
};

struct link_head {
  std::uint16_t kind;    ///< a wire::link
  std::uint16_t member;  ///< number of the process, 0: none
  std::uint16_t type;    ///< of a message
  std::uint16_t segments;
  std::uint32_t fixed_size;
  std::uint32_t reserved;
  std::uint64_t data_size;
};
struct link_segment {
  std::uint64_t id;
  std::uint64_t size;
};
struct link_greeting {
  std::uint32_t version;
  std::uint8_t build_id[20];
};
struct link_start {
  std::int32_t count;
  std::int32_t pool;
  std::int32_t nodes;
  std::int32_t omp_threads;
};
struct link_number {
  std::uint64_t value;
};
struct link_where {
  std::uint64_t run;
  std::uint64_t running;
  std::uint64_t asked;
};
struct link_died {
  std::uint32_t cause;
  std::uint32_t was_ready;
  std::uint64_t run;
  std::uint64_t item;
};

/// The fixed part of a message as T, when it has T's size exactly.
template <class T>
std::optional<T> fixed_part(const std::byte* from, std::size_t size) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);
  if (size != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace clusterless::wire
