// SPDX-License-Identifier: MIT
// Plans of tasks as a client would make them, for tests.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <clusterless/clusterless.hpp>

#include "os/program.hpp"
#include "session/function_table.hpp"
#include "task/task_plan.hpp"

namespace clusterless::tests {

/// Items 5, 6, … of a map of `f` over `items`, in one task.
template <class Item, class F>
task::task_plan plan_of(F f, const std::vector<Item>& items, int nodes = 1, int procs = 1) {
  task::task_plan plan;
  plan.build_id = os::this_build();
  auto call = std::make_shared<core::call_spec>();
  const detail::call what = detail::make_call(f);
  const auto place = session::place_of(what.function, what.target);
  call->id = 1;
  call->entry_offset = place.entry_offset;
  call->target_offset = place.target_offset;
  call->max_item_bytes = 1 << 30;
  const auto* bound = what.bound.data();
  call->bound.assign(bound, bound + what.bound.size());
  plan.order.key = 7;
  plan.order.task = 1;
  plan.order.call = std::move(call);
  plan.order.shape = {nodes, procs};
  detail::buffer bytes;
  detail::segment_list beside;
  writer out(bytes, &beside);
  for (const Item& item : items) {
    const std::size_t at = detail::open_entry(bytes);
    codec<Item>::put(out, item);
    detail::close_entry(bytes, at);
  }
  auto pack =
      std::make_shared<core::item_pack>(5, items.size(), std::move(bytes), std::move(beside));
  const std::size_t size = pack->size;
  plan.order.items = {5, items.size(), std::move(pack), 0, size};
  return plan;
}

inline std::vector<std::byte> read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto* from = reinterpret_cast<const std::byte*>(text.data());
  return {from, from + text.size()};
}

inline void write_all(const std::string& path, const std::vector<std::byte>& from) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(from.data()), static_cast<std::streamsize>(from.size()));
}

}  // namespace clusterless::tests
