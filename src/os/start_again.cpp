// SPDX-License-Identifier: MIT
#include "os/start_again.hpp"

#include <sys/auxv.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "core/text.hpp"
#include "os/symbol_table.hpp"

namespace clusterless::os {

namespace {

std::string absolute(const std::string& path) {
  std::error_code ignored;
  const auto made = std::filesystem::absolute(path, ignored);
  return ignored ? path : made.string();
}

/// A list of directories between colons.
std::string absolute_list(const std::string& list) {
  std::string made;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(':', at), list.size());
    made += (at == 0 ? "" : ":") + absolute(list.substr(at, end - at));
    at = end + 1;
  }
  return made;
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat of_a {};
  struct stat of_b {};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0 &&
         of_a.st_ino == of_b.st_ino && of_a.st_dev == of_b.st_dev;
}

/// What stands before the program's own arguments when its loader was started, the program
/// included; empty when the kernel started it.
std::vector<std::string> read_loader_command() {
  if (::getauxval(AT_BASE) != 0) return {};  // where the kernel put the loader
  const std::string program = program_file();
  if (program == "/proc/self/exe") return {};  // linked statically
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto line = core::split_zero_ended(reinterpret_cast<const std::byte*>(text.data()), text.size());
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i - 1] == "--library-path") line[i] = absolute_list(line[i]);
    if (!same_file(line[i], program)) continue;
    line.resize(i + 1);
    line[i] = program;
    return line;
  }
  return {"ld.so", program};
}

const std::vector<std::string>& loader_command() {
  static const std::vector<std::string> command = read_loader_command();
  return command;
}

}  // namespace

start_request start_again(const std::vector<std::string>& arguments) {
  start_request request;
  request.path = "/proc/self/exe";  // outlives a deletion; the loader, when that was started
  request.argv = arguments;
  const auto& before = loader_command();
  if (before.empty()) return request;
  if (!arguments.empty()) request.argv.erase(request.argv.begin());
  request.argv.insert(request.argv.begin(), before.begin(), before.end());
  return request;
}

}  // namespace clusterless::os
