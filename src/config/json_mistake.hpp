// SPDX-License-Identifier: MIT
// Why a text is not JSON, in words a person can act on: where, what was found, what was expected,
// and the usual slip behind it (a comma too many, single quotes, a comment). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace clusterless::config {

/// The last thing the reader took whole before it met the mistake.
enum class json_event { none, opening, key, value };

/// A mistake in `text`, of which the reader had taken `end` bytes (more than there are: it met the
/// end of the file). `last` is the event before it, `open` the innermost bracket still open ('{',
/// '[', or 0 for none). Messages repeat what the text holds only if `show_content`.
struct json_mistake {
  std::string_view text;
  std::size_t end;
  json_event last;
  char open;
  bool show_content;
};

/// "line 3 column 5: this is not JSON: found …"
std::string explain(const json_mistake& mistake);

}  // namespace clusterless::config
