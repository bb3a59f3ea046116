// SPDX-License-Identifier: MIT
// A configuration file as it stands: JSON objects of keys and scalar values, each with its line.
// Promises that what it returns was strict JSON in UTF-8, and that text which is not is refused
// with line, column and what was found. What keys mean and which values are right is left to
// others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace clusterless::config {

enum class value_kind { text, number, boolean, null, array, object };

/// One `"key": value`. `text` is the value of a text, number or boolean as written; arrays and
/// objects are only named. `line` is the line of the key and counts from 1.
struct entry {
  std::string key;
  value_kind kind = value_kind::null;
  std::string text;
  int line = 0;
};

/// One `{…}` of the top level or of the top-level array, entries in the order of the file.
struct object {
  std::vector<entry> entries;
  int line = 0;
};

/// How to read a document.
struct document_rules {
  bool may_be_array = false;      ///< an array of objects is accepted as well as one object
  bool show_content = true;       ///< false: messages never repeat what the file holds
  std::string_view example = {};  ///< a valid file, for the message about an empty one
};

/// All objects of `text`. `source` names the file in messages. A byte-order mark is skipped. Throws
/// `error` (misuse) on anything but JSON of the shape that `rules` allow.
std::vector<object> parse_document(std::string_view text, const std::string& source,
                                   const document_rules& rules);

/// The value as a message shows it: `"text"`, `12`, `null`, `an array`.
std::string shown(const entry& value);

/// "FILE line 7"
std::string place(const std::string& source, int line);

/// Throws `error` (misuse) with one line for each problem (at most 20), when there is any.
void throw_problems(const std::vector<std::string>& problems);

}  // namespace clusterless::config
