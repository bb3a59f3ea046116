// SPDX-License-Identifier: MIT
// The XML that Blob answers with and takes, read into plain values. What is not there stays empty;
// a text that is no XML, or not of the kind asked for, is nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clusterless::azure {

struct blob_error {
  std::string code = {};
  std::string message = {};
};
/// <Error><Code/><Message/></Error>
std::optional<blob_error> read_blob_error(std::string_view text);

struct blob_entry {
  std::string name = {};
  std::uint64_t size = 0;
  std::string etag = {};
  std::string type = {};        ///< "BlockBlob", "AppendBlob"
  std::int64_t modified_s = 0;  ///< Unix time; 0 when it is not said
  bool leased = false;
};
struct blob_page {
  std::vector<blob_entry> blobs = {};
  std::string next = {};  ///< marker of the next page; empty on the last one
};
/// Answer of List Blobs.
std::optional<blob_page> read_blob_page(std::string_view text);

struct container_page {
  std::vector<std::string> names = {};
  std::string next = {};
};
/// Answer of List Containers.
std::optional<container_page> read_container_page(std::string_view text);

struct block {
  std::string id = {};  ///< base64, as sent
  std::uint64_t size = 0;
};
struct block_list {
  std::vector<block> committed = {};
  std::vector<block> uncommitted = {};
};
/// Answer of Get Block List.
std::optional<block_list> read_block_list(std::string_view text);
/// Body of Put Block List: each id as the latest block of that name.
std::string write_block_list(const std::vector<std::string>& ids);

/// Answer of Get User Delegation Key.
struct delegation_key {
  std::string object_id = {};
  std::string tenant_id = {};
  std::string start = {};
  std::string expiry = {};
  std::string service = {};
  std::string version = {};
  std::string value = {};  ///< base64; a secret
};
std::optional<delegation_key> read_delegation_key(std::string_view text);
/// Body of Get User Delegation Key; ISO 8601 times.
std::string write_key_info(std::string_view start, std::string_view expiry);

}  // namespace clusterless::azure
