// SPDX-License-Identifier: MIT
// A task as a file: what to call, the items, and the processes to run them with; and a broadcast
// value as a file. A client writes them for a batch service to bring to a node, where the same
// build of the program reads them. Bytes are checked before they are believed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.hpp"

namespace clusterless::task {

/// What a node needs to know of a task.
struct task_plan {
  std::array<std::uint8_t, 20> build_id = {};
  int pool = 1;
  int omp_threads = 1;
  /// After an item failed the items behind it are run too; false: they are left alone.
  bool keep_going = true;
  core::run_order order = {};  ///< its shape says how many nodes and processes
};

/// The plan with all bytes of its items, those in segments beside their pack included.
std::vector<std::byte> encode_plan(const task_plan& plan);
/// Throws `error` (failed) that says what is wrong: damaged, cut short, or of another format.
task_plan decode_plan(const std::byte* from, std::size_t size);

/// The bytes of a plan as text for an environment variable, and back; that throws as decode_plan().
std::string plan_text(const std::vector<std::byte>& plan);
std::vector<std::byte> plan_from_text(std::string_view text);

/// A broadcast value with all its bytes, and the name of its file in the folder of broadcasts.
std::vector<std::byte> encode_broadcast(const core::broadcast_bytes& value);
std::string broadcast_file_name(const std::uint64_t (&key)[2]);
/// Throws `error` (failed) when it is damaged or the value of another key.
core::broadcast_bytes decode_broadcast(const std::uint64_t (&key)[2], const std::byte* from,
                                       std::size_t size);

}  // namespace clusterless::task
