// SPDX-License-Identifier: MIT
// Blob storage, one call a request: containers, blobs, blocks, leases. Calls return at once and end
// in loop::poll(). What a caller asks about (is it there? who was first?) is a value; everything
// else that is no success is a service_error. Moving large blobs is for blob_transfer.hpp.
// Source: Blob service REST API, version 2021-12-02.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "azure/exchange.hpp"
#include "azure/xml.hpp"
#include "core/secret.hpp"

namespace clusterless::azure {

/// x-ms-version of every request and sv of every SAS.
inline constexpr std::string_view storage_version = "2021-12-02";

/// Where an account's blobs are and what opens them.
struct storage_account {
  std::string name = {};
  core::secret key = {};      ///< base64; empty when there is a `sas`
  std::string endpoint = {};  ///< "https://NAME.blob.core.windows.net", "http://127.0.0.1:1/NAME"
  std::string sas = {};       ///< a query without '?'; empty when there is a key
};
/// Reads "DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=…",
/// "UseDevelopmentStorage=true" and forms with BlobEndpoint and SharedAccessSignature. Throws
/// `error` (misuse) that names what is missing, never a value.
storage_account parse_connection_string(std::string_view text);

using metadata = std::map<std::string, std::string>;

struct blob_facts {
  std::string etag = {};  ///< with its quotes, as it goes into If-Match
  std::uint64_t size = 0;
  std::int64_t modified_s = 0;
  std::string md5 = {};           ///< of the whole blob, base64; empty when the service keeps none
  std::string type = {};          ///< "BlockBlob", "AppendBlob"
  std::string lease_state = {};   ///< "available", "leased", "expired", "breaking", "broken"
  azure::metadata metadata = {};  ///< names in lower case
};

struct blob_content {
  std::string body = {};     ///< empty when it went into the caller's memory
  std::size_t received = 0;  ///< bytes
  blob_facts facts = {};     ///< `size` is that of the whole blob
};

struct put_options {
  std::string if_match = {};  ///< only when the blob's etag is this
  std::string lease = {};     ///< id of the lease that its holder has
  azure::metadata metadata = {};
  std::string content_type = {};
};

struct byte_range {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  ///< 0: to the end
};

class blob_client {
 public:
  /// `over` must outlive the client, and the client its calls. `sas`, without '?', goes to the end
  /// of every URL.
  blob_client(exchange& over, std::string endpoint, std::string sas = {});

  /// Whether it was made; false when it is there already.
  void create_container(const std::string& container, then<bool> then);
  /// Whether there was one to delete. Its name stays taken for half a minute or more.
  void delete_container(const std::string& container, then<bool> then);
  void container_exists(const std::string& container, then<bool> then);
  void list_containers(const std::string& prefix, const std::string& marker,
                       then<container_page> then);
  /// At most 5000 blobs; `marker` is the `next` of the page before.
  void list(const std::string& container, const std::string& prefix, const std::string& marker,
            then<blob_page> then);

  /// Creates or replaces; `content` must live until `then`. Checked by the service with an MD5.
  void put(const std::string& container, const std::string& name,
           std::span<const std::byte> content, const put_options& options, then<blob_facts> then);
  /// Creates; false when there is one. Never mistakes its own repeated request for another's.
  void put_new(const std::string& container, const std::string& name,
               std::span<const std::byte> content, const put_options& options, then<bool> then);
  /// Nothing when there is none. The MD5 of whole blobs and of ranges up to 4 MiB is checked.
  /// `into` takes the body when it is not empty. A range behind the end is empty.
  void get(const std::string& container, const std::string& name, byte_range range,
           std::span<std::byte> into, const std::string& if_match,
           then<std::optional<blob_content>> then);
  void head(const std::string& container, const std::string& name,
            then<std::optional<blob_facts>> then);
  /// Whether there was one to remove.
  void remove(const std::string& container, const std::string& name, then<bool> then);
  void set_metadata(const std::string& container, const std::string& name, const metadata& facts,
                    const std::string& lease, then<done> then);
  /// Copies within the service, at most 256 MiB, and returns when it is done.
  void copy_from(const std::string& source_url, const std::string& container,
                 const std::string& name, then<blob_facts> then);

  /// Blocks wait, up to a week, until a list makes them the blob. All ids of a blob are base64 of
  /// equal length.
  void put_block(const std::string& container, const std::string& name, const std::string& id,
                 std::span<const std::byte> content, then<done> then);
  /// `md5` (base64, may be empty) is kept as that of the whole blob. With options.if_match
  /// "*absent" only where there is no blob.
  void put_block_list(const std::string& container, const std::string& name,
                      const std::vector<std::string>& ids, const std::string& md5,
                      const put_options& options, then<blob_facts> then);
  /// Empty when there is no blob and no block.
  void get_block_list(const std::string& container, const std::string& name, then<block_list> then);

  /// An empty append blob; false when there is a blob already.
  void create_append(const std::string& container, const std::string& name, then<bool> then);
  /// Adds at `position`, which must be the size it has; the size after it is the value.
  void append_block(const std::string& container, const std::string& name, std::uint64_t position,
                    std::span<const std::byte> content, then<std::uint64_t> then);

  /// The right named `id` (a UUID of ours) for 15 to 60 s; false when somebody else has it. Asking
  /// again with the same id renews it.
  void acquire_lease(const std::string& container, const std::string& name, const std::string& id,
                     int seconds, then<bool> then);
  /// False when the lease was lost.
  void renew_lease(const std::string& container, const std::string& name, const std::string& id,
                   then<bool> then);
  /// False when it was lost before.
  void release_lease(const std::string& container, const std::string& name, const std::string& id,
                     then<bool> then);
  /// Takes it from whoever has it, at once.
  void break_lease(const std::string& container, const std::string& name, then<bool> then);

  /// What signs user-delegation SAS; needs a token, not a key. ISO 8601 times, at most 7 days.
  void get_delegation_key(const std::string& start, const std::string& expiry,
                          then<delegation_key> then);

  /// "https://…/container/name" without a signature.
  std::string url_of(const std::string& container, const std::string& name = {}) const;
  loop& on() const { return exchange_.on(); }

 private:
  call make(std::string what, std::string method, const std::string& container,
            const std::string& name, std::string_view parts) const;
  void lease(const std::string& action, const std::string& container, const std::string& name,
             std::vector<header> headers, std::vector<std::string_view> lost, then<bool> then);

  exchange& exchange_;
  std::string endpoint_;
  std::string sas_;
};

}  // namespace clusterless::azure
