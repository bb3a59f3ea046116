// SPDX-License-Identifier: MIT
// This program's image: its build id, and offsets that mean the same in every process of the build.
// What an offset from outside leads to is proved before it is used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace clusterless::os {

using build_id = std::array<std::uint8_t, 20>;

/// The build id the linker wrote; a hash of the executable when it wrote none.
const build_id& this_build();
std::string to_hex(const build_id& id);
/// Path of the executable as it was at start, for messages and records.
const std::string& program_path();

/// Offset of something in the program's own image; nothing when it lies in a shared library.
std::optional<std::uint64_t> offset_in_image(const void* address);
/// What lies at `offset`, when `bytes` from there on are in a readable, loaded part of the image.
const void* data_at(std::uint64_t offset, std::size_t bytes);
/// The function that starts at `offset`: nothing when no function does, by the unwind tables.
const void* function_at(std::uint64_t offset);
/// The shared library an address lies in, for messages; "this program" when it is the image.
std::string module_of(const void* address);

}  // namespace clusterless::os
