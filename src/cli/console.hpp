// SPDX-License-Identifier: MIT
// Where the tool writes: what was asked for on standard output, everything else on standard error.
// Colours only on terminals that have them and when NO_COLOR is not set (no-color.org).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/requests.hpp"
#include "cli/values.hpp"

namespace clusterless::cli {

enum class colour { plain, bold, dim, red, green, yellow };

class console {
 public:
  explicit console(const common_options& how);

  /// To standard output.
  void print(std::string_view text) const;
  /// One JSON document, with a line break. Text that is not UTF-8 is mended, never refused.
  void print_json(const json& document) const;
  /// A remark, a line on standard error; nothing with --quiet.
  void say(const std::string& line) const;
  /// What went wrong, a line on standard error.
  void complain(const std::string& line) const;
  /// `text` in a colour where standard output shows colours.
  std::string paint(colour in, const std::string& text) const;
  /// `text` from outside, of any number of lines, as it may go to print().
  std::string outside(std::string_view text) const;
  /// Asks on the terminal; false without one or for any answer but yes.
  bool confirm(const std::string& question) const;

  bool json_wanted() const noexcept { return json_; }

 private:
  bool json_ = false;
  bool quiet_ = false;
  bool colours_ = false;
  bool terminal_ = false;
};

/// Rows of texts in columns as wide as their widest text, the first row being the heads.
class table {
 public:
  struct cell {
    std::string text = {};
    colour in = colour::plain;
  };
  explicit table(std::vector<std::string> heads);
  void add(std::vector<cell> row) { rows_.push_back(std::move(row)); }
  /// Columns in `right` (from 0) are flush right.
  std::string text(const console& on, const std::vector<std::size_t>& right) const;

 private:
  std::vector<std::vector<cell>> rows_;
};

/// Text from outside in one line for a terminal: control characters as \xNN.
std::string on_one_line(std::string_view text);
/// The same, but line breaks and tabs stay.
std::string on_its_lines(std::string_view text);
/// The first line of a text, made safe so.
std::string first_line(std::string_view text);

}  // namespace clusterless::cli
