// SPDX-License-Identifier: MIT
// What a node moves from and to Blob storage: single files, the files of a container, uploads.
// Access is by the signature within the address alone (SAS), as for the nodes of the service.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace clusterless::emulator {

/// How a transfer went. Status 0: there was no answer.
struct transfer {
  int status = 0;
  std::string problem = {};  ///< empty: good
  bool good() const { return problem.empty(); }
};

/// An address without what gives access.
std::string without_query(const std::string& url);
/// GET into a file; its directories are made.
transfer download(const std::string& url, const std::string& path);
/// The names of a container's blobs that begin with `prefix`.
transfer list_blobs(const std::string& container_url, const std::string& prefix,
                    std::vector<std::string>& names);
/// The address of a blob of a container.
std::string blob_url(const std::string& container_url, const std::string& name);
/// Uploads a file as a block blob.
transfer upload(const std::string& path, const std::string& url,
                const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace clusterless::emulator
