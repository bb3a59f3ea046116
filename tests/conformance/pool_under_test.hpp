// SPDX-License-Identifier: MIT
// What the conformance cases share: pools of the engine that was named on the command line, a
// folder that the nodes see, and waiting for things to happen there. Knows no engine.
#pragma once

#include <clusterless/clusterless.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace conformance {

/// The engine named by --engine=NAME or CLUSTERLESS_CONFORMANCE_ENGINE; "local" when none is.
void choose_engine(int argc, char** argv);

/// A quiet pool of that engine.
clusterless::pool make_pool(clusterless::pool_options options);
/// One pool of `nodes` nodes.
clusterless::pool make_pool(int nodes);

/// A fresh folder that the test and all nodes see, removed with the object. For items to tell what
/// they do and to be held up until the test lets them go on.
class shared_folder {
 public:
  shared_folder();
  ~shared_folder();
  shared_folder(const shared_folder&) = delete;
  shared_folder& operator=(const shared_folder&) = delete;
  const std::string& path() const noexcept { return path_; }
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

/// Polls until `happened()`; false when that takes longer than a generous limit.
bool eventually(const std::function<bool()>& happened,
                std::chrono::seconds limit = std::chrono::seconds(60));

bool exists(const std::string& path);
void touch(const std::string& path);
/// Waits until the file is there; throws when it does not come.
void await(const std::string& path);
/// Adds a line in one write, so that many processes may write to one file.
void append_line(const std::string& path, const std::string& line);
std::vector<std::string> lines_of(const std::string& path);
std::size_t files_in(const std::string& directory);

bool contains(const std::string& text, const std::string& part);

/// The remote_error that `call` throws; fails the test when it throws none.
clusterless::remote_error error_of(const std::function<void()>& call);

}  // namespace conformance
