// SPDX-License-Identifier: MIT
#include "session/function_table.hpp"

#include <string>

#include "core/wire.hpp"
#include "os/program.hpp"

namespace clusterless::session {

namespace {

std::uint64_t offset_of(const void* address) {
  if (const auto offset = os::offset_in_image(address)) return *offset;
  throw error(error_kind::misuse,
              "the mapped function is in " + os::module_of(address) +
                  ", whose place differs from process to process; link that library statically or "
                  "map a function of your program that calls it");
}

}  // namespace

function_place place_of(const detail::entry* entry, const void* target) {
  function_place place{offset_of(entry), wire::no_target};
  if (target == nullptr) return place;
  place.target_offset = offset_of(target);
  if (os::function_at(place.target_offset) == nullptr)
    throw error(
        error_kind::misuse,
        "the mapped function is not in the program's table of functions (.eh_frame_hdr), by "
        "which workers check what they call; a program linked with -static lacks it: link "
        "with -static-pie, or with -static -Wl,--eh-frame-hdr");
  return place;
}

function_ref function_at(const function_place& place) {
  const auto* entry =
      static_cast<const detail::entry*>(os::data_at(place.entry_offset, sizeof(detail::entry)));
  const bool genuine = entry != nullptr && place.entry_offset % alignof(detail::entry) == 0 &&
                       entry->magic == detail::entry_magic && entry->self == entry &&
                       entry->takes_target == (place.target_offset != wire::no_target);
  if (!genuine) throw error(error_kind::failed, "no mapped function is at the place given");
  function_ref found{entry, nullptr};
  if (entry->takes_target) {
    found.target = os::function_at(place.target_offset);
    if (found.target == nullptr)
      throw error(error_kind::failed, "no function starts at the place given");
  }
  return found;
}

}  // namespace clusterless::session
