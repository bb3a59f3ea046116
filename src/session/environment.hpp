// SPDX-License-Identifier: MIT
// The environment variables that items ask for, on top of those the process was started with. One
// block of name=value lines, each ended by a zero, is in force at a time.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace clusterless::session {

class environment {
 public:
  /// Sets the variables of `block`, the last of a name winning, and undoes the block before it.
  void apply(const std::string& block);
  const std::string& current() const noexcept { return block_; }

 private:
  std::string block_;
  std::map<std::string, std::optional<std::string>> before_;  ///< what the block's variables were
};

}  // namespace clusterless::session
