// SPDX-License-Identifier: MIT
#include "os/foreground.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clusterless/error.hpp>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "os/fail.hpp"
#include "os/process.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::os {

namespace {

constexpr std::size_t max_output = std::size_t{1} << 20;

program_end end_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) return {0, WTERMSIG(wait_status)};
  return {WEXITSTATUS(wait_status), 0};
}

/// Ignores what the terminal sends to the whole foreground group while a program has it.
class signals_for_the_program {
 public:
  signals_for_the_program() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGINT, &ignore, &before_[0]);
    ::sigaction(SIGQUIT, &ignore, &before_[1]);
  }
  ~signals_for_the_program() { restore(); }
  void restore() const {
    ::sigaction(SIGINT, &before_[0], nullptr);
    ::sigaction(SIGQUIT, &before_[1], nullptr);
  }

 private:
  struct sigaction before_[2] = {};
};

/// Becomes the program; returns only when that failed.
void become(const command_line& what, char* const* arguments) {
  if (!what.directory.empty() && ::chdir(what.directory.c_str()) != 0) return;
  for (const auto& [name, value] : what.environment)
    ::setenv(name.c_str(), value.c_str(), 1);
  if (what.output_to_error) ::dup2(2, 1);
  ::execvp(what.file.c_str(), arguments);
}

}  // namespace

program_end run_in_foreground(const command_line& what) {
  std::vector<char*> arguments;
  for (const std::string& each : what.arguments)
    arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("a pipe");
  unique_fd failure(ends[0]);
  unique_fd failure_in(ends[1]);
  const signals_for_the_program ignored;
  const pid_t pid = ::fork();
  if (pid < 0) fail("a process for " + what.file);
  if (pid == 0) {
    ignored.restore();
    become(what, arguments.data());
    const int cause = errno;
    [[maybe_unused]] const auto told = ::write(failure_in.get(), &cause, sizeof cause);
    ::_exit(127);
  }
  failure_in.reset();
  int cause = 0;
  const bool failed = ::read(failure.get(), &cause, sizeof cause) == sizeof cause;
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (failed)
    throw error(error_kind::misuse,
                "cannot start " + what.file +
                    (what.directory.empty() ? "" : " in the directory " + what.directory) + ": " +
                    std::strerror(cause));
  return end_of(status);
}

answer ask_program(const command_line& what, std::chrono::milliseconds limit) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("a pipe");
  const unique_fd output(ends[0]);
  unique_fd output_in(ends[1]);
  start_request request;
  request.path = what.file;
  request.argv = what.arguments;
  request.env = what.environment;
  request.output = output_in.get();
  request.directory = what.directory;
  child_process program = child_process::start(request);
  output_in.reset();
  answer got;
  const auto until = std::chrono::steady_clock::now() + limit;
  bool open = true;
  std::optional<exit_facts> ended;
  while (open || !ended) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return got;  // the child dies with its handle
    pollfd watched[2] = {{open ? output.get() : -1, POLLIN, 0},
                         {ended ? -1 : program.pidfd(), POLLIN, 0}};
    if (::poll(watched, 2, static_cast<int>(std::min<long>(left.count(), 1 << 30))) < 0 &&
        errno != EINTR)
      fail("the answer of " + what.file);
    if (watched[0].revents != 0) {
      char part[4096];
      const ssize_t n = ::read(output.get(), part, sizeof part);
      if (n <= 0)
        open = false;
      else
        got.output.append(part,
                          std::min(static_cast<std::size_t>(n), max_output - got.output.size()));
    }
    if (watched[1].revents != 0) ended = program.reap();
    // What it left running may hold the pipe for ever; it has answered when it ended.
    if (ended && watched[0].revents == 0) open = false;
  }
  got.in_time = true;
  got.end = end_of(ended->wait_status);
  return got;
}

}  // namespace clusterless::os
