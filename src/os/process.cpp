// SPDX-License-Identifier: MIT
#include "os/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "os/fail.hpp"

namespace clusterless::os {

namespace {

class file_actions {
 public:
  file_actions() { ::posix_spawn_file_actions_init(&actions_); }
  ~file_actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class attributes {
 public:
  attributes() {
    ::posix_spawnattr_init(&value_);
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&value_, &all);
    ::posix_spawnattr_setsigmask(&value_, &none);
    ::posix_spawnattr_setpgroup(&value_, 0);
    ::posix_spawnattr_setflags(
        &value_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  ~attributes() { ::posix_spawnattr_destroy(&value_); }
  posix_spawnattr_t* get() { return &value_; }

 private:
  posix_spawnattr_t value_;
};

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& added, bool only) {
  std::vector<std::string> all;
  for (char** at = environ; !only && *at != nullptr; ++at) {
    const std::string_view line(*at);
    bool replaced = false;
    for (const auto& [name, value] : added)
      replaced = replaced || (line.size() > name.size() && line[name.size()] == '=' &&
                              line.substr(0, name.size()) == name);
    if (!replaced) all.emplace_back(line);
  }
  for (const auto& [name, value] : added)
    all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& lines) {
  std::vector<char*> all;
  all.reserve(lines.size() + 1);
  for (auto& line : lines)
    all.push_back(line.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

child_process& child_process::operator=(child_process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  return *this;
}

child_process::~child_process() {
  if (pid_ <= 0) return;
  kill_group();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

child_process child_process::start(const start_request& request) {
  file_actions actions;
  ::posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
  if (request.output >= 0) {
    ::posix_spawn_file_actions_adddup2(actions.get(), request.output, 1);
    ::posix_spawn_file_actions_adddup2(actions.get(), request.output, 2);
  }
  if (request.errors >= 0) ::posix_spawn_file_actions_adddup2(actions.get(), request.errors, 2);
  if (request.inherit >= 0) ::posix_spawn_file_actions_adddup2(actions.get(), request.inherit, 3);
  ::posix_spawn_file_actions_addclosefrom_np(actions.get(), request.inherit >= 0 ? 4 : 3);
  if (!request.directory.empty())
    ::posix_spawn_file_actions_addchdir_np(actions.get(), request.directory.c_str());
  attributes how;
  std::vector<std::string> argv = request.argv;
  std::vector<std::string> env = environment_with(request.env, request.only_env);
  child_process made;
  const int failed = ::posix_spawn(&made.pid_, request.path.c_str(), actions.get(), how.get(),
                                   pointers(argv).data(), pointers(env).data());
  if (failed != 0) {
    made.pid_ = -1;
    errno = failed;
    fail("a process running " + (argv.empty() ? request.path : argv.front()));
  }
  made.pidfd_ = unique_fd(static_cast<int>(::syscall(SYS_pidfd_open, made.pid_, 0)));
  if (!made.pidfd_) fail("a handle of a process");
  return made;
}

void child_process::signal(int number) const noexcept {
  if (pid_ > 0) ::kill(pid_, number);
}

void child_process::signal_group(int number) const noexcept {
  if (pid_ > 0) ::kill(-pid_, number);
}

void child_process::kill_group() const noexcept {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
}

std::optional<int> child_process::ended() const noexcept {
  siginfo_t info{};
  if (pid_ <= 0 ||
      ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid == 0)
    return std::nullopt;
  return info.si_code == CLD_EXITED ? (info.si_status & 0xFF) << 8 : info.si_status & 0x7F;
}

std::optional<exit_facts> child_process::reap() {
  exit_facts facts;
  struct rusage used {};
  const pid_t got = ::wait4(pid_, &facts.wait_status, WNOHANG, &used);
  if (got == 0 || (got < 0 && errno == EINTR)) return std::nullopt;
  if (got < 0) facts.wait_status = SIGKILL;  // somebody else in this program reaped it
  facts.peak_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  ::kill(-pid_, SIGKILL);  // what it started and left behind
  pid_ = -1;
  pidfd_.reset();
  return facts;
}

}  // namespace clusterless::os
