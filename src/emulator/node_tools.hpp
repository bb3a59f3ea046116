// SPDX-License-Identifier: MIT
// What the node runner does around a command: directories as on a real node, the AZ_BATCH_*
// variables, resource and output files. Sources: Batch documentation, "Batch environment
// variables", "Files and directories in Azure Batch", "Persist output data with the Batch service
// API".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/model_types.hpp"

namespace clusterless::emulator {

struct node_paths {
  std::string root = {};
  std::string task = {};     ///< stdout.txt, stderr.txt, wd
  std::string working = {};  ///< task + "/wd"
};

using environment = std::vector<std::pair<std::string, std::string>>;

/// Where a command runs. Makes what of a node's directories is missing.
node_paths make_directories(const std::string& root, const action& order);
/// The directory of a command, relative to the node's.
std::string directory_of(const action& order);
environment variables_of(const action& order, const node_paths& at, const std::string& account,
                         const std::string& account_url);
/// Downloads the files of a list into `directory`; nothing when all are there.
std::optional<failure> fetch_files(const json& files, const std::string& directory,
                                   const std::function<bool()>& stopped);
/// Uploads what fits the output files' patterns and conditions, and writes fileuploadout.txt.
std::optional<failure> send_files(const json& files, const node_paths& at, const environment& env,
                                  bool success);
/// The program of a command line: an absolute path, or empty when there is none.
std::string find_program(const std::string& name, const std::string& working,
                         const std::string& path);
/// SIGKILL to every process whose environment has this line.
void kill_by_environment(const std::string& line);

}  // namespace clusterless::emulator
