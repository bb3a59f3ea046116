// SPDX-License-Identifier: MIT
#include "conformance/pool_under_test.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace conformance {

namespace {

std::string& engine_name() {
  static std::string name = "local";
  return name;
}

}  // namespace

void choose_engine(int argc, char** argv) {
  if (const char* name = std::getenv("CLUSTERLESS_CONFORMANCE_ENGINE")) engine_name() = name;
  const std::string flag = "--engine=";
  for (int i = 1; i < argc; ++i)
    if (std::strncmp(argv[i], flag.c_str(), flag.size()) == 0)
      engine_name() = argv[i] + flag.size();
}

clusterless::pool make_pool(clusterless::pool_options options) {
  options.engine = engine_name();
  options.verbose = false;
  return clusterless::create_pool(options);
}

clusterless::pool make_pool(int nodes) {
  clusterless::pool_options options;
  options.pools = 1;
  options.nodes = nodes;
  return make_pool(options);
}

shared_folder::shared_folder() {
  const char* base = std::getenv("CLUSTERLESS_CONFORMANCE_FOLDER");
  path_ = std::string(base != nullptr ? base : "/tmp") + "/clusterless-conformance-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
}

shared_folder::~shared_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool eventually(const std::function<bool()>& happened, std::chrono::seconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!happened()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

void touch(const std::string& path) {
  append_line(path, "");
}

void await(const std::string& path) {
  if (!eventually([&] { return exists(path); })) throw std::runtime_error(path + " did not come");
}

void append_line(const std::string& path, const std::string& line) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const std::string text = line + '\n';
  const bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  if (!good) throw std::runtime_error("cannot write " + path);
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::size_t files_in(const std::string& directory) {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(directory))
    ++n;
  return n;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

clusterless::remote_error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const clusterless::remote_error& caught) {
    return caught;
  }
  FAIL("no remote_error was thrown");
  throw std::logic_error("unreachable");
}

}  // namespace conformance
