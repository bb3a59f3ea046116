// SPDX-License-Identifier: MIT
// The program and the shared libraries that this process has loaded, as its loader found them:
// where they lie on disk, what they are called, what they need. Nothing is searched or guessed.
#pragma once

#include <string>
#include <vector>

namespace clusterless::os {

struct loaded_object {
  std::string path = {};    ///< of the file, without symbolic links
  std::string soname = {};  ///< by which others may name it; empty: none
  std::vector<std::string> needed = {};
  bool loader = false;   ///< it is the dynamic loader
  bool deleted = false;  ///< the file was removed or replaced since it was loaded
};

/// The program comes first. One that is linked statically is alone.
std::vector<loaded_object> loaded_objects();

}  // namespace clusterless::os
