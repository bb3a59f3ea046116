// SPDX-License-Identifier: MIT
#include "session/supervisor_watch.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

#include "session/directories.hpp"

namespace clusterless::session {

namespace {

/// Whose death ends this process. The kernel tells of it by a signal that nobody else uses.
volatile pid_t supervisor = 0;
const int supervisor_died = SIGRTMAX - 1;

// Somebody else may have sent the signal. When the supervisor has become another program it still
// is the parent, but it is the sender. A stopped process handles no signal: where its supervisor's
// end leaves it without anybody to continue it, the kernel does, with SIGHUP before.
void on_signal(int number, siginfo_t* about, void*) {
  const int before = errno;
  if (::getppid() != supervisor || (about->si_code == SI_USER && about->si_pid == supervisor))
    end_group_without_supervisor();
  if (number == SIGHUP) {
    ::signal(SIGHUP, SIG_DFL);
    ::raise(SIGHUP);
  }
  errno = before;
}

}  // namespace

void watch_supervisor(pid_t its_pid) {
  supervisor = its_pid;
  keep_watch();
  ::prctl(PR_SET_PDEATHSIG, supervisor_died);
  if (::getppid() != its_pid) end_group_without_supervisor();
}

void keep_watch() {
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigaction(supervisor_died, &action, nullptr);
  ::sigaction(SIGHUP, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  if (::getppid() != supervisor) end_group_without_supervisor();
}

}  // namespace clusterless::session
