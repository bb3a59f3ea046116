// SPDX-License-Identifier: MIT
// credentials.json of the model: one Azure account (Batch and Storage) as an object, or several as
// an array. Read as strictly as parameters.json, on every engine, so that a mistake shows before
// the cloud is asked. Secrets never appear in messages. Using them is the azure engine's matter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/cloud_account.hpp"

namespace clusterless::config {

using core::secret;

using account = core::cloud_account;

struct credentials {
  std::string source = {};              ///< the file's name; empty: there is no file
  std::vector<account> accounts = {};   ///< at least one when there is a file
  std::vector<std::string> notes = {};  ///< e.g. that other users can read the file
};

/// The accounts of `text`. Throws `error` (misuse) that tells every problem on a line of its own.
/// JSON reading passes the text through buffers of its own, which are freed but not wiped.
credentials parse_credentials(std::string_view text, const std::string& source_name);

/// parse_credentials of a file of at most 1 MiB; notes when the file's mode lets others read it.
credentials load_credentials(const std::string& path);

}  // namespace clusterless::config
