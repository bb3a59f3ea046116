// SPDX-License-Identifier: MIT
// Who and where this process is while it runs items: the state behind the functions of task.hpp.
// One per process, because those functions take no argument; set by the worker's loop only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace clusterless::session {

class worker;

struct context {
  worker* link = nullptr;  ///< null outside of a task
  int id = 1;
  int count = 1;
  int pool = 0;
  std::vector<std::string> nodes = {};  ///< of the task, the primary first
  std::string node = {};
  int attempt = 1;
  std::uint64_t task = 0;
  std::uint64_t root = 0;  ///< key of the job's run the item is part of
  std::uint64_t item = 0;
  std::string scratch = {};  ///< made for the current item, empty until asked for
  int before_scratch = -1;   ///< the current directory when it was made, to go back to
};

context& this_context();

/// Removes the item's scratch directory if one was made; the current directory is as before it.
void drop_scratch();

}  // namespace clusterless::session
