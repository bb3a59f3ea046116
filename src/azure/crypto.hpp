// SPDX-License-Identifier: MIT
// What requests to Azure need of cryptography: keyed hashes, MD5 as a transport check, base64,
// random names. The hashes are libcrypto's, loaded at the first call; without the library that call
// throws `error` (unsupported).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clusterless::azure {

/// HMAC-SHA256 of `text`, 32 bytes. Source: RFC 2104.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// MD5, 16 bytes: what Content-MD5 headers carry (RFC 1864). No defence against anybody.
std::string md5(std::span<const std::byte> content);

/// MD5 of content that comes in parts, in order.
class md5_sum {
 public:
  md5_sum();
  ~md5_sum();
  md5_sum(const md5_sum&) = delete;
  md5_sum& operator=(const md5_sum&) = delete;
  void add(std::span<const std::byte> part);
  /// 16 bytes; to be called once, at the end.
  std::string finish();

 private:
  void* context_;
};

/// RFC 4648, section 4, with padding.
std::string base64(std::string_view bytes);
/// Throws `error` (misuse) that names `what`, never the text, when `text` is not base64.
std::string from_base64(std::string_view text, std::string_view what);

/// A random UUID (version 4), lower case, from the kernel's random numbers.
std::string random_uuid();

}  // namespace clusterless::azure
