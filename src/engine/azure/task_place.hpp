// SPDX-License-Identifier: MIT
// Where a task of Azure Batch and its files are, as one line of text that a record keeps: what
// another client needs to find them, and no secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clusterless::engine {

struct task_place {
  std::string batch_url = {};  ///< of the account
  std::string pool = {};
  int pool_number = 1;
  std::string job = {};
  std::string container = {};  ///< of the run: holds plans and logs of its jobs
  std::string folder = {};     ///< how the names of this job's blobs begin
  std::string task = {};
};

std::string to_text(const task_place& place);
/// Nothing when it is no such text.
std::optional<task_place> parse_place(std::string_view text);
/// Whether two addresses are of one account, however they are written.
bool same_account(std::string_view one, std::string_view other);

}  // namespace clusterless::engine
