// SPDX-License-Identifier: MIT
// Words for messages about configuration: quoting what a file holds, joining lists, and the known
// word nearest to a misspelt one. Pure; says nothing about files.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace clusterless::config {

/// `text` in double quotes, control characters and bytes that are not UTF-8 as \n, \t or \xNN, cut
/// with … before it passes `max_length` bytes.
std::string in_quotes(std::string_view text, std::size_t max_length = 60);

/// "a, b, c"
std::string joined(std::span<const std::string> words);

/// True for a text of at least one character, none of them a space or a control character.
bool is_word(std::string_view text);

/// Edits (insert, delete, replace, swap of neighbours) from `a` to `b`: the restricted
/// Damerau-Levenshtein distance. O(|a| |b|) time.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The word of `known` nearest to `word`, when case, `_` and `-` do not count; empty when none is
/// near enough to be meant (more than a third of its letters differ).
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace clusterless::config
