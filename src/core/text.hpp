// SPDX-License-Identifier: MIT
// Small texts: sizes, durations, counts and the ends of outputs, in words people read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clusterless::core {

/// The last `lines` lines of `text`, without the final line break.
std::string last_lines(std::string_view text, int lines);
/// "850 ms", "4.2 s", "3 min 20 s", "6 h 10 min".
std::string duration_text(std::int64_t nanoseconds);
/// "512 B", "8.0 MiB".
std::string size_text(std::uint64_t bytes);
/// Texts one behind the other, each ended by a zero byte, and back; a last one need not be ended.
std::string zero_ended(const std::vector<std::string>& texts);
std::vector<std::string> split_zero_ended(const std::byte* from, std::size_t size);
/// Two lower-case hexadecimal digits a byte, and back: nothing when `digits` are not such.
std::string to_hex_digits(const void* from, std::size_t size);
std::optional<std::vector<std::byte>> from_hex_digits(std::string_view digits);
/// `text` as one word for a POSIX shell, in which nothing is expanded.
std::string shell_word(std::string_view text);
/// "1 item", "3 items".
std::string count_text(std::uint64_t n, std::string_view what);

}  // namespace clusterless::core
