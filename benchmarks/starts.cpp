// SPDX-License-Identifier: MIT
// Starts a program again and again and times each start, from before posix_spawn to its first byte
// of output (its first result) and to its end.  starts n=COUNT -- PROGRAM ARGUMENT…
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "measure.hpp"

extern char** environ;

namespace {

struct timing {
  double first_byte, end;
};

timing start_once(char** words) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) bench::fail("pipe2");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  pid_t id = 0;
  const double begin = bench::now();
  const int error = posix_spawnp(&id, words[0], &actions, nullptr, words, environ);
  if (error != 0) bench::fail(std::string(words[0]) + ": " + std::strerror(error));
  close(pipe_ends[1]);
  char bytes[4096];
  timing took{};
  // To the end of output, not one read: a full pipe must not hold the program up.
  while (read(pipe_ends[0], bytes, sizeof bytes) > 0) {
    if (took.first_byte == 0) took.first_byte = bench::now() - begin;
  }
  int status = 0;
  waitpid(id, &status, 0);
  took.end = bench::now() - begin;
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[0]);
  if (status != 0) bench::fail(std::string(words[0]) + " ended with an error");
  if (took.first_byte == 0) bench::fail(std::string(words[0]) + " printed no result");
  return took;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || std::strcmp(argv[2], "--") != 0) bench::fail("usage: starts n=COUNT -- PROGRAM…");
  const long n = std::atol(argv[1] + 2);
  std::vector<double> first_bytes, ends;
  for (long k = 0; k < n; ++k) {
    const timing took = start_once(argv + 3);
    first_bytes.push_back(took.first_byte * 1e3);
    ends.push_back(took.end * 1e3);
  }
  bench::figure(bench::quantile(ends, 0.5), "ms")
      .with("first_result_ms", bench::quantile(first_bytes, 0.5))
      .with("min_ms", ends.front())
      .with("max_ms", ends.back())
      .with("n", static_cast<double>(n))
      .print();
}
