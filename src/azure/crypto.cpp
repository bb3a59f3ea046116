// SPDX-License-Identifier: MIT
#include "azure/crypto.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <clusterless/error.hpp>
#include <cstdint>

#include "os/fail.hpp"
#include "os/shared_library.hpp"

namespace clusterless::azure {
namespace {

struct libcrypto {
  os::shared_library library{"libcrypto.so.3", "libssl3"};
  CLUSTERLESS_LIBRARY_FUNCTION(EVP_sha256);
  CLUSTERLESS_LIBRARY_FUNCTION(EVP_md5);
  CLUSTERLESS_LIBRARY_FUNCTION(HMAC);
  CLUSTERLESS_LIBRARY_FUNCTION(EVP_MD_CTX_new);
  CLUSTERLESS_LIBRARY_FUNCTION(EVP_MD_CTX_free);
  CLUSTERLESS_LIBRARY_FUNCTION(EVP_DigestInit_ex);
  CLUSTERLESS_LIBRARY_FUNCTION(EVP_DigestUpdate);
  CLUSTERLESS_LIBRARY_FUNCTION(EVP_DigestFinal_ex);
};

const libcrypto& crypto() {
  static const libcrypto loaded;
  return loaded;
}

[[noreturn]] void refused(const char* what) {
  throw error(error_kind::failed,
              std::string("libcrypto refused to compute ") + what +
                  "; see whether the machine's OpenSSL configuration forbids it (FIPS mode)");
}

EVP_MD_CTX* context_of(void* context) {
  return static_cast<EVP_MD_CTX*>(context);
}

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  const libcrypto& with = crypto();
  if (with.HMAC(with.EVP_sha256(), key.data(), static_cast<int>(key.size()),
                reinterpret_cast<const unsigned char*>(text.data()), text.size(), out,
                &n) == nullptr)
    refused("an HMAC-SHA256");
  return {reinterpret_cast<const char*>(out), n};
}

md5_sum::md5_sum() : context_(crypto().EVP_MD_CTX_new()) {
  if (context_ == nullptr ||
      crypto().EVP_DigestInit_ex(context_of(context_), crypto().EVP_md5(), nullptr) != 1) {
    crypto().EVP_MD_CTX_free(context_of(context_));
    refused("an MD5");
  }
}

md5_sum::~md5_sum() {
  crypto().EVP_MD_CTX_free(context_of(context_));
}

void md5_sum::add(std::span<const std::byte> part) {
  if (crypto().EVP_DigestUpdate(context_of(context_), part.data(), part.size()) != 1)
    refused("an MD5");
}

std::string md5_sum::finish() {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int n = 0;
  if (crypto().EVP_DigestFinal_ex(context_of(context_), out, &n) != 1) refused("an MD5");
  return {reinterpret_cast<const char*>(out), n};
}

std::string md5(std::span<const std::byte> content) {
  md5_sum sum;
  sum.add(content);
  return sum.finish();
}

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t have = bytes.size() - i < 3 ? bytes.size() - i : 3;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= have ? alphabet[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string from_base64(std::string_view text, std::string_view what) {
  std::string out;
  bool good = text.size() % 4 == 0;
  for (std::size_t i = 0; good && i < text.size(); i += 4) {
    std::uint32_t group = 0;
    std::size_t padding = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const auto at = alphabet.find(text[i + k]);
      if (text[i + k] == '=' && i + 4 == text.size() && k >= 2) {
        ++padding;
      } else if (at == std::string_view::npos || padding > 0) {
        good = false;
      }
      group = group << 6 | (at == std::string_view::npos ? 0u : static_cast<std::uint32_t>(at));
    }
    for (std::size_t k = 0; k + padding < 3; ++k)
      out += static_cast<char>(group >> (16 - 8 * k) & 0xff);
  }
  if (!good)
    throw error(error_kind::misuse,
                std::string(what) + " is not base64; copy it whole, with its =");
  return out;
}

std::string random_uuid() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes))
    os::fail("random numbers");
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string out;
  for (std::size_t i = 0; i < sizeof bytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += "0123456789abcdef"[bytes[i] >> 4];
    out += "0123456789abcdef"[bytes[i] & 15];
  }
  return out;
}

}  // namespace clusterless::azure
