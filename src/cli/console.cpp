// SPDX-License-Identifier: MIT
#include "cli/console.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace clusterless::cli {

namespace {

bool has_colours() {
  const char* off = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return ::isatty(1) == 1 && (off == nullptr || *off == '\0') && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

const char* code(colour in) {
  switch (in) {
    case colour::plain:
      return "";
    case colour::bold:
      return "\033[1m";
    case colour::dim:
      return "\033[2m";
    case colour::red:
      return "\033[31m";
    case colour::green:
      return "\033[32m";
    case colour::yellow:
      return "\033[33m";
  }
  return "";
}

/// Columns on a terminal: characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

console::console(const common_options& how)
    : json_(how.json),
      quiet_(how.quiet),
      colours_(!how.json && has_colours()),
      terminal_(::isatty(1) == 1) {}

void console::print(std::string_view text) const {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void console::print_json(const json& document) const {
  print(json_text(document, 2) + '\n');
}

void console::say(const std::string& line) const {
  if (!quiet_) complain(line);
}

void console::complain(const std::string& line) const {
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", line.c_str());
}

std::string console::paint(colour in, const std::string& text) const {
  return colours_ && in != colour::plain ? code(in) + text + "\033[0m" : text;
}

std::string console::outside(std::string_view text) const {
  return terminal_ ? on_its_lines(text) : std::string(text);
}

bool console::confirm(const std::string& question) const {
  if (::isatty(0) != 1) return false;
  std::fprintf(stderr, "%s [y/N] ", question.c_str());
  std::string answer;
  if (!std::getline(std::cin, answer)) return false;
  return answer == "y" || answer == "Y" || answer == "yes";
}

table::table(std::vector<std::string> heads) {
  std::vector<cell> row;
  row.reserve(heads.size());
  for (std::string& head : heads)
    row.push_back({std::move(head), colour::bold});
  rows_.push_back(std::move(row));
}

std::string table::text(const console& on, const std::vector<std::size_t>& right) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string fill(widths[i] - width_of(row[i].text), ' ');
      const bool flush_right = std::find(right.begin(), right.end(), i) != right.end();
      const std::string painted = on.paint(row[i].in, row[i].text);
      if (i != 0) line += "  ";
      line += flush_right ? fill + painted : painted + (i + 1 == row.size() ? "" : fill);
    }
    out += line + '\n';
  }
  return out;
}

namespace {

/// Control characters, and bytes that are no UTF-8, as \xNN, but for those in `but`.
std::string without_controls(std::string_view text, std::string_view but) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view one = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(one.size());
    if ((length != 0 && !is_control(one)) || but.find(one) != std::string_view::npos) {
      out += one;
      continue;
    }
    for (const char c : one) {
      const auto byte = static_cast<unsigned char>(c);
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

}  // namespace

std::string on_one_line(std::string_view text) {
  return without_controls(text, "");
}

std::string on_its_lines(std::string_view text) {
  return without_controls(text, "\n\t");
}

std::string first_line(std::string_view text) {
  return on_one_line(text.substr(0, text.find('\n')));
}

}  // namespace clusterless::cli
