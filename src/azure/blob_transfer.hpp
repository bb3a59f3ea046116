// SPDX-License-Identifier: MIT
// Large blobs: sent in parallel blocks and fetched in parallel ranges, with bounded memory. Every
// block is checked on the way, and the whole has an MD5 that is kept with the blob and compared
// when it is fetched. An upload that was cut off goes on where it was when it is started again; a
// file appears under its name when all of it has arrived.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "azure/blob.hpp"

namespace clusterless::azure {

struct transfer_options {
  std::size_t block_bytes = std::size_t{8} << 20;  ///< at most 4000 MiB
  int parallel = 4;                                ///< blocks under way at once
};
struct upload_options {
  transfer_options transfer = {};
  bool only_new = false;  ///< leave a blob that is there as it is
  put_options put = {};
};

/// Whether it was written: false only with only_new, when there is a blob already. `content` must
/// live until `then`.
void upload(blob_client& to, const std::string& container, const std::string& name,
            std::span<const std::byte> content, const upload_options& how, then<bool> then);

/// The same of a file, which must not change meanwhile. Throws `error` (misuse) when it cannot be
/// read.
void upload_file(blob_client& to, const std::string& container, const std::string& name,
                 const std::string& path, const upload_options& how, then<bool> then);

/// Fetches a blob into memory of exactly its size; nothing when there is none. When the blob is
/// replaced meanwhile it fails with 412 ConditionNotMet.
void download(blob_client& from, const std::string& container, const std::string& name,
              std::span<std::byte> into, const transfer_options& how,
              then<std::optional<blob_facts>> then);

/// The same into a file, by way of `path`.part. Throws `error` when that cannot be written.
void download_file(blob_client& from, const std::string& container, const std::string& name,
                   const std::string& path, const transfer_options& how,
                   then<std::optional<blob_facts>> then);

}  // namespace clusterless::azure
