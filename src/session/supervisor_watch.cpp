// SPDX-License-Identifier: MIT
#include "session/supervisor_watch.hpp"

#include <pthread.h>
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

void on_death(int, siginfo_t* about, void*) {
  // Somebody else may have sent the signal. When the supervisor has become another program it still
  // is the parent, but it is the sender.
  const int before = errno;
  if (::getppid() != supervisor || (about->si_code == SI_USER && about->si_pid == supervisor))
    end_group_without_supervisor();
  errno = before;
}

// A stopped process handles no signal. Each thread has a parent-death signal of its own: this one's
// is that which lets a stopped process go on.
void* let_go_on(void*) {
  ::prctl(PR_SET_PDEATHSIG, SIGCONT);
  for (;;)
    ::pause();
}

void start_second_watch() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t small;
  ::pthread_attr_init(&small);
  ::pthread_attr_setstacksize(&small, 64 << 10);
  ::pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  ::pthread_create(&thread, &small, let_go_on, nullptr);
  ::pthread_attr_destroy(&small);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

void watch_supervisor(pid_t its_pid) {
  supervisor = its_pid;
  struct sigaction action {};
  action.sa_sigaction = on_death;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigaction(supervisor_died, &action, nullptr);
  ::prctl(PR_SET_PDEATHSIG, supervisor_died);
  start_second_watch();
  if (::getppid() != its_pid) end_group_without_supervisor();
}

}  // namespace clusterless::session
