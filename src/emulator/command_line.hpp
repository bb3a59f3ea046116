// SPDX-License-Identifier: MIT
// Command lines and file patterns as nodes read them: words with quotes, but no shell; wildcards of
// output files. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace clusterless::emulator {

/// The words of a command line: '…' is taken as it is, "…" knows \" and \\, \x outside of them is
/// x.
std::vector<std::string> command_words(std::string_view line);
/// Whether a pattern has any of * ? [
bool has_wildcard(std::string_view pattern);
/// Matches a relative path: ? and * stop at '/', ** does not; names that begin with a dot have to
/// be spelt out.
bool matches_pattern(std::string_view pattern, std::string_view path);
/// The folders before the first wildcard: "a/b" of "a/b/*.txt".
std::string fixed_part(std::string_view pattern);

}  // namespace clusterless::emulator
