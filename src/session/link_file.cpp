// SPDX-License-Identifier: MIT
#include "session/link_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <fstream>

#include <clusterless/error.hpp>

#include "core/text.hpp"
#include "os/fail.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::session {

namespace {

constexpr const char* first_line = "clusterless-link 1";

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw error(error_kind::failed, "the link file " + path + " " + what);
}

int number(const std::string& path, const std::string& text, const char* what, int low, int high) {
  int value = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (bad != std::errc() || end != text.data() + text.size() || value < low || value > high)
    refuse(path, std::string("has no good ") + what);
  return value;
}

}  // namespace

std::string link_text(const link_place& place) {
  std::string text = std::string(first_line) + '\n' + place.address + '\n' +
                     std::to_string(place.port) + '\n' + std::to_string(place.ports) + '\n' +
                     place.identity + '\n';
  text += core::to_hex_digits(place.key.data(), place.key.size());
  return text + '\n';
}

void write_link_file(const std::string& path, const link_place& place) {
  const std::string text = link_text(place);
  const os::unique_fd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || ::fchmod(file.get(), 0600) != 0 ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    os::fail("the link file " + path);
}

link_place read_link_file(const std::string& path) {
  struct stat facts {};
  std::ifstream file(path);
  if (!file || ::stat(path.c_str(), &facts) != 0) refuse(path, "cannot be read");
  if (facts.st_uid != ::geteuid() || (facts.st_mode & 077) != 0)
    refuse(path, "can be read by others; it must be its user's alone (chmod 600)");
  std::string line[6];
  for (auto& each : line)
    if (!std::getline(file, each)) refuse(path, "is not complete");
  if (line[0] != first_line) refuse(path, "is of another version");
  link_place place;
  place.address = line[1];
  place.port = static_cast<std::uint16_t>(number(path, line[2], "port", 0, 65535));
  place.ports = number(path, line[3], "number of ports", 1, 1024);
  place.identity = line[4];
  if (place.address.empty() || place.identity.empty() || place.identity.size() > 128)
    refuse(path, "has no good address or identity");
  const auto key = core::from_hex_digits(line[5]);
  if (!key || key->size() != place.key.size()) refuse(path, "has no good key");
  std::memcpy(place.key.data(), key->data(), key->size());
  return place;
}

}  // namespace clusterless::session
