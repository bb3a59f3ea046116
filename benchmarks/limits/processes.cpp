// SPDX-License-Identifier: MIT
// Starting processes, and writing records through to the disk.
#include <fcntl.h>
#include <spawn.h>

#include <cstring>

#include "limits.hpp"

extern char** environ;

namespace bench {
namespace {

/// The program that does nothing, built beside this one.
std::string nothing_beside_this() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length < 0) fail("readlink /proc/self/exe");
  const std::string self(path, static_cast<std::size_t>(length));
  return self.substr(0, self.rfind('/') + 1) + "nothing";
}

pid_t start(const char* program, long how) {
  char name[] = "nothing";
  char* words[] = {name, nullptr};
  if (how == 0) return child([] {});
  if (how == 1) {
    return child([&] {
      execv(program, words);
      _exit(1);
    });
  }
  pid_t id = 0;
  if (posix_spawn(&id, program, nullptr, nullptr, words, environ) != 0) fail("posix_spawn");
  return id;
}

}  // namespace

void start_process(const arguments& given) {
  const long n = given.get("n", 30);
  const long how = given.get("how", 2);
  const std::string program = nothing_beside_this();
  fcntl(STDOUT_FILENO, F_SETFD, FD_CLOEXEC);  // what the programs print is no figure
  std::vector<double> seconds;
  for (long k = 0; k < n; ++k) {
    const double begin = now();
    reap(start(program.c_str(), how));
    seconds.push_back(now() - begin);
  }
  figure(quantile(seconds, 0.5) * 1e3, "ms").with("n", static_cast<double>(n)).print();
}

void append_records(const arguments& given) {
  const long n = given.get("n", 100'000);
  const std::size_t record = 32;
  std::vector<std::byte> block(2048 * record, std::byte{1});
  const std::string path = "append_records." + std::to_string(getpid());
  const int file = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) fail("cannot create " + path);
  std::vector<std::byte> from(static_cast<std::size_t>(n) * record, std::byte{2});
  const double begin = now();
  for (std::size_t at = 0; at < from.size(); at += block.size()) {
    const std::size_t bytes = std::min(block.size(), from.size() - at);
    std::memcpy(block.data(), from.data() + at, bytes);
    if (write(file, block.data(), bytes) != static_cast<ssize_t>(bytes)) fail("write " + path);
  }
  if (fdatasync(file) != 0) fail("fdatasync " + path);
  const double seconds = now() - begin;
  close(file);
  unlink(path.c_str());
  print_per_item(seconds, n);
}

}  // namespace bench
