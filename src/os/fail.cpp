// SPDX-License-Identifier: MIT
#include "os/fail.hpp"

#include <cerrno>
#include <cstring>

#include <clusterless/error.hpp>

namespace clusterless::os {

void fail(const std::string& what) {
  const int why = errno;
  const bool busy = why == EAGAIN || why == EMFILE || why == ENFILE || why == ENOMEM;
  std::string text = "cannot get " + what + ": " + std::strerror(why);
  if (why == EMFILE || why == ENFILE) text += "; raise the limit on open files (ulimit -n)";
  if (why == EAGAIN) text += "; raise the limit on processes (ulimit -u) or use fewer nodes";
  throw error(busy ? error_kind::busy : error_kind::failed, text);
}

}  // namespace clusterless::os
