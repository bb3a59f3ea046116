// SPDX-License-Identifier: MIT
#include "store/store.hpp"

#include <clusterless/error.hpp>
#include <string_view>

namespace clusterless::store {
namespace {

constexpr std::size_t max_key = 1024;
constexpr std::size_t max_part = 200;

bool is_key_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool is_part(std::string_view part) {
  if (part.empty() || part.size() > max_part || part.front() == '.') return false;
  for (const char c : part)
    if (!is_key_character(c)) return false;
  return true;
}

}  // namespace

void check_key(const std::string& key) {
  std::string_view rest = key;
  bool good = key.size() <= max_key;
  while (good) {
    const auto slash = rest.find('/');
    good = is_part(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (!good)
    throw error(error_kind::misuse, quoted(key) +
                                        " cannot name an object in the store: use parts of "
                                        "[A-Za-z0-9._-], not starting with '.', between slashes");
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (out.size() > 80 && (code & 0xc0) != 0x80) {
      out += "…";
      break;
    }
    if (c == '\n') {
      out += "\\n";
    } else if (code < 32 || code == 127) {
      out += "\\x";
      out += "0123456789abcdef"[code >> 4];
      out += "0123456789abcdef"[code & 15];
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string to_string(const holder& who) {
  return "process " + std::to_string(who.pid) + " on host " + who.host;
}

}  // namespace clusterless::store
