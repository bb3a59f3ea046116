// SPDX-License-Identifier: MIT
#include "engine/local/node_start.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include "core/defaults.hpp"
#include "core/text.hpp"
#include "os/fail.hpp"

namespace clusterless::engine {

namespace {

// A process beside the script waits for the end of a pipe that only this program writes to, and
// ends both with all that the script has started: so nothing is left when this program is killed.
constexpr const char* guarded_script =
    "(read -r nothing <&3; kill -9 0) > /dev/null 2>&1 & exec 3<&-; exec /bin/sh -- \"$1\"";

}  // namespace

node_start::node_start(session::host& on, const std::string& script, const std::string& node)
    : host_(on), what_("the start-up script " + script + " on node " + node) {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) os::fail("a pipe for " + what_);
  output_ = os::unique_fd(out[0]);
  const os::unique_fd write_end(out[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  int lives[2];
  if (::pipe2(lives, O_CLOEXEC) != 0) os::fail("a pipe for " + what_);
  const os::unique_fd watched_end(lives[0]);
  alive_ = os::unique_fd(lives[1]);
  os::start_request request;
  request.path = "/bin/sh";
  request.argv = {"sh", "-c", guarded_script, "sh", script};
  request.inherit = watched_end.get();
  request.env = {{"CLUSTERLESS_NODE", node}};
  request.output = write_end.get();
  process_ = os::child_process::start(request);
  pidfd_ = process_.pidfd();
  host_.watch_output(output_.get(), this);
  host_.watch_end(pidfd_, this);
}

node_start::~node_start() {
  if (!over_) host_.forget(this, -1, output_.get(), pidfd_);
}

void node_start::readable() {
  char chunk[4096];
  for (ssize_t n = 0; (n = ::read(output_.get(), chunk, sizeof chunk)) > 0;) {
    tail_.append(chunk, static_cast<std::size_t>(n));
    if (tail_.size() > 2 * defaults::output_tail)
      tail_.erase(0, tail_.size() - defaults::output_tail);
  }
}

void node_start::ended() {
  const auto facts = process_.reap();
  if (!facts) return;
  readable();
  host_.forget(this, -1, output_.get(), pidfd_);
  over_ = true;
  const int status = facts->wait_status;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  failure_ =
      what_ + (WIFEXITED(status) ? " ended with exit code " + std::to_string(WEXITSTATUS(status))
                                 : " was killed by signal " + std::to_string(WTERMSIG(status)));
  const std::string output = core::last_lines(tail_, defaults::error_tail_lines);
  failure_ += output.empty() ? "; it printed nothing" : "; its last output:\n" + output;
}

}  // namespace clusterless::engine
