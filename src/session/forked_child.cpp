// SPDX-License-Identifier: MIT
#include "session/forked_child.hpp"

#include <pthread.h>
#include <unistd.h>

#include <string_view>

#include <clusterless/error.hpp>

namespace clusterless::session {

namespace {
bool forked = false;
}  // namespace

void watch_for_forked_children() {
  ::pthread_atfork(nullptr, nullptr, [] { forked = true; });
}

bool in_forked_child() noexcept {
  return forked;
}

void refuse_in_forked_child() {
  if (forked)
    throw error(error_kind::misuse,
                "this process was forked by an item; nested maps, remote calls and first reads of "
                "broadcasts are for the item's own process");
}

void end_forked_child() {
  constexpr std::string_view why =
      "clusterless: a process that an item forked came back from the item's function and is ended; "
      "end such processes with _exit\n";
  const bool told = ::write(STDERR_FILENO, why.data(), why.size()) > 0;
  ::_exit(told ? 120 : 121);
}

}  // namespace clusterless::session
