// SPDX-License-Identifier: MIT
#include "emulator/command_line.hpp"

namespace clusterless::emulator {

namespace {

/// Matches [abc], [a-z], [!abc] at the front of `pattern`, which moves behind it.
bool matches_class(std::string_view& pattern, char c) {
  const auto end = pattern.find(']', 2);
  if (end == std::string_view::npos) {
    pattern.remove_prefix(1);
    return c == '[';
  }
  std::string_view inside = pattern.substr(1, end - 1);
  pattern.remove_prefix(end + 1);
  const bool inverse = inside[0] == '!' || inside[0] == '^';
  if (inverse) inside.remove_prefix(1);
  bool found = false;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (i + 2 < inside.size() && inside[i + 1] == '-') {
      found = found || (inside[i] <= c && c <= inside[i + 2]);
      i += 2;
    } else {
      found = found || inside[i] == c;
    }
  }
  return found != inverse;
}

/// `begins`: path is at the beginning of a name, where a wildcard does not match a dot.
bool matches(std::string_view pattern, std::string_view path, bool begins) {
  while (!pattern.empty()) {
    const bool hidden = begins && !path.empty() && path[0] == '.';
    if (pattern.starts_with("**")) {
      std::string_view rest = pattern.substr(2);
      if (rest.starts_with('/') && matches(rest.substr(1), path, begins)) return true;
      for (std::size_t i = 0; i <= path.size(); ++i) {
        if (i == path.size() || path[i] == '.') {
          const bool at_begin = i == 0 ? begins : path[i - 1] == '/';
          if (i < path.size() && at_begin) return false;
        }
        if (matches(rest, path.substr(i), i == 0 ? begins : path[i - 1] == '/')) return true;
      }
      return false;
    }
    if (pattern[0] == '*') {
      if (hidden) return false;
      for (std::size_t i = 0; i <= path.size(); ++i) {
        if (matches(pattern.substr(1), path.substr(i), begins && i == 0)) return true;
        if (i < path.size() && path[i] == '/') return false;
      }
      return false;
    }
    if (path.empty()) return false;
    if (pattern[0] == '?') {
      if (path[0] == '/' || hidden) return false;
      pattern.remove_prefix(1);
    } else if (pattern[0] == '[') {
      if (path[0] == '/' || hidden || !matches_class(pattern, path[0])) return false;
    } else {
      if (pattern[0] != path[0]) return false;
      pattern.remove_prefix(1);
    }
    begins = path[0] == '/';
    path.remove_prefix(1);
  }
  return path.empty();
}

}  // namespace

std::vector<std::string> command_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool escapes =
        i + 1 < line.size() && (quote == '\0' || line[i + 1] == '"' || line[i + 1] == '\\');
    if (quote == '\'' ? c == '\'' : quote == '"' && c == '"') {
      quote = '\0';
    } else if (quote == '\'') {
      word += c;
    } else if (c == '\\' && escapes) {
      word += line[++i];
      open = true;
    } else if (quote == '"') {
      word += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
      open = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (open) words.push_back(std::move(word));
      word.clear();
      open = false;
    } else {
      word += c;
      open = true;
    }
  }
  if (open) words.push_back(std::move(word));
  return words;
}

bool has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

bool matches_pattern(std::string_view pattern, std::string_view path) {
  return matches(pattern, path, true);
}

std::string fixed_part(std::string_view pattern) {
  const auto first = pattern.find_first_of("*?[");
  const auto slash = pattern.substr(0, first).rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(pattern.substr(0, slash));
}

}  // namespace clusterless::emulator
