// SPDX-License-Identifier: MIT
// Values of a job without the program that made them: a result schema (docs/guide/values.md) and
// bytes give JSON. Pure; the bytes and the schema may come from anywhere, and give JSON or one
// clear error, with memory in proportion to what is kept. What is done with files is for others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clusterless::cli {

using json = nlohmann::ordered_json;
using bytes = std::span<const std::byte>;

/// A type, as its schema says it.
struct type {
  enum class kind {
    boolean,
    integer,
    natural,
    real,
    text,
    list,
    fixed,
    optional,
    tuple,
    none,
    array,
    broadcast,
    file,
    map,
    set,
    variant,
    duration,
  };
  kind is = kind::none;
  std::uint64_t count = 0;       ///< bytes of a number, elements of a fixed list
  std::vector<type> parts = {};  ///< element, fields, alternatives, or key and value
  std::uint64_t least = 1;       ///< no value of the type takes fewer bytes; at least 1
};

/// Throws `error` (failed) for a text that is no schema, or is nested deeper than 64 types.
type parse_schema(std::string_view schema);
/// "list of (text, f8)": the type in words.
std::string in_words(const type& of);

/// A file that was met in a value; its contents lie in the value's bytes.
struct met_file {
  std::string name = {};  ///< as it came: check it before it becomes a path
  std::uint32_t mode = 0;
  bytes contents = {};
};

struct decode_options {
  /// Elements kept of each list; where more follow, the text "… 5 more" stands for them.
  std::uint64_t keep = std::numeric_limits<std::uint64_t>::max();
  std::vector<met_file>* files = nullptr;  ///< files are appended here
};

/// The value as JSON: numbers, true and false, text, lists (also for tuples, structs and sets),
/// null for nothing. NaN and infinities are "nan", "inf", "-inf"; durations are nanoseconds; text
/// that is not UTF-8 is {"base64": …}; a map with text keys is an object, else a list of pairs; a
/// variant is {"alternative": 0, "value": …}; a file {"file": name, "mode": "0644", "bytes": n}; a
/// broadcast {"broadcast": key}. Throws `error` (failed) when the bytes are not one whole value.
json decode_value(const type& of, bytes value, const decode_options& options = {});

/// True when `text` is UTF-8 as RFC 3629 has it.
bool is_utf8(std::string_view text);
/// Bytes of the character `text` begins with; 0 when that is no UTF-8.
std::size_t utf8_length(std::string_view text);
/// True for one character of UTF-8 that may steer a terminal.
bool is_control(std::string_view character);
/// JSON for people and programs: what may steer a terminal is escaped, what is no UTF-8 is
/// replaced. `indent`: spaces a level; -1 puts all on one line.
std::string json_text(const json& value, int indent = -1);

}  // namespace clusterless::cli
