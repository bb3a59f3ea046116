// SPDX-License-Identifier: MIT
// Runs a mapped function on one encoded item and appends its outcome to a pack. What the function
// throws becomes an error outcome. Used by workers, by nested maps that run in place, and by
// replay.
#pragma once

#include <cstddef>
#include <cstdint>

#include <clusterless/detail/pack.hpp>
#include <clusterless/error.hpp>

#include "session/function_table.hpp"

namespace clusterless::session {

struct item_call {
  function_ref function = {};
  const void* bound = nullptr;
  std::size_t max_bytes = 0;  ///< of the item and of its result
  bool by_reference = false;  ///< results may go beside the pack
};

/// Returns true when the outcome is a value. `beside_in`: segments that came with the item.
bool run_item(const item_call& what, std::uint64_t item, const detail::entry_view& body,
              const detail::segment_list& beside_in, detail::buffer& out,
              detail::segment_list& beside_out);

/// Appends an error outcome.
void put_error(detail::buffer& out, const error_info& info);

}  // namespace clusterless::session
