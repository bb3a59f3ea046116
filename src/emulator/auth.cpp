// SPDX-License-Identifier: MIT
#include "emulator/auth.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <clusterless/error.hpp>
#include <vector>

#include "emulator/json.hpp"
#include "emulator/service_error.hpp"

namespace clusterless::emulator {

namespace {

constexpr ticks clock_skew = 15 * one_minute;  // Batch REST, "Authenticate requests"

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// base64url without padding, as tokens have it.
std::string url_safe(std::string text) {
  for (char& c : text)
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (!text.empty() && text.back() == '=')
    text.pop_back();
  return text;
}

std::string from_url_safe(std::string text) {
  for (char& c : text)
    c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (text.size() % 4 != 0)
    text += '=';
  return text;
}

void check_date(const http_request& request, ticks now) {
  std::string date = request.header("ocp-date");
  if (date.empty()) date = request.header("date");
  const auto at = parse_http_date(date);
  if (!at) refuse("InvalidAuthenticationInfo", {{"Reason", "the date header is missing or wrong"}});
  if (*at < now - clock_skew || *at > now + clock_skew)
    refuse("AuthenticationFailed",
           {{"AuthenticationErrorDetail",
             "The specified date '" + date + "' is too far from the server's " + http_date(now)}});
}

void check_token(const std::string& token, const account_keys& keys, ticks now) {
  const auto last = token.rfind('.');
  const auto first = token.find('.');
  if (last == std::string::npos || first == last)
    refuse("InvalidAuthenticationInfo", {{"Reason", "this is no JSON web token"}});
  const std::string signed_part = token.substr(0, last);
  if (!equal_in_constant_time(url_safe(signature(keys.key, signed_part)), token.substr(last + 1)))
    refuse("AuthenticationFailed",
           {{"AuthenticationErrorDetail", "The token was not issued by this emulator."}});
  std::string payload;
  base64_decoded(from_url_safe(token.substr(first + 1, last - first - 1)), payload);
  const json claims = json::parse(payload, nullptr, false);
  const ticks expires = unix_epoch + number_of(claims, "exp", 0) * one_second;
  if (now >= expires)
    refuse("AuthenticationFailed",
           {{"AuthenticationErrorDetail", "The token expired at " + iso_time(expires)}});
}

}  // namespace

std::string string_to_sign(const http_request& request, const std::string& account) {
  std::string text = request.method + '\n';
  for (const char* name :
       {"content-encoding", "content-language", "content-length", "content-md5", "content-type",
        "date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"})
    text += request.header(name) + '\n';
  for (const auto& [name, value] : request.headers)
    if (name.starts_with("ocp-")) text += name + ':' + value + '\n';
  text += '/' + account + request.path;
  for (const auto& [name, value] : request.query)
    text += '\n' + name + ':' + value;
  return text;
}

std::string signature(const std::string& key, std::string_view text) {
  std::string secret;
  if (!base64_decoded(key, secret) || secret.empty())
    throw error(error_kind::misuse,
                "the account key is not base64: give the key as the portal shows it");
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
           &length) == nullptr)
    throw error(error_kind::failed, "libcrypto refuses HMAC-SHA256");
  return base64_encoded({reinterpret_cast<const char*>(digest), length});
}

void authenticate(const http_request& request, const account_keys& keys, ticks now) {
  const std::string authorization = request.header("authorization");
  const auto space = authorization.find(' ');
  if (space == std::string::npos) refuse("InvalidAuthenticationInfo");
  const std::string scheme = authorization.substr(0, space);
  const std::string credential = authorization.substr(space + 1);
  if (same_text(scheme, "bearer")) return check_token(credential, keys, now);
  const auto colon = credential.find(':');
  if (!same_text(scheme, "sharedkey") || colon == std::string::npos)
    refuse("InvalidAuthenticationInfo");
  check_date(request, now);
  const std::string account = credential.substr(0, colon);
  const std::string expected = signature(keys.key, string_to_sign(request, account));
  if (account != keys.name || !equal_in_constant_time(expected, credential.substr(colon + 1)))
    refuse("AuthenticationFailed",
           {{"AuthenticationErrorDetail",
             "The MAC signature found in the HTTP request is not the same as any computed "
             "signature. Server used following string to sign: '" +
                 string_to_sign(request, account) + "'."}});
}

std::string issue_token(const account_keys& keys, const std::string& tenant,
                        const std::string& client, ticks now, ticks valid_for) {
  const auto seconds = (now - unix_epoch) / one_second;
  const json head{{"typ", "JWT"}, {"alg", "HS256"}};
  const json claims{{"aud", "https://batch.core.windows.net/"},
                    {"iss", "https://sts.windows.net/" + tenant + '/'},
                    {"appid", client},
                    {"tid", tenant},
                    {"iat", seconds},
                    {"nbf", seconds},
                    {"exp", seconds + valid_for / one_second}};
  const std::string signed_part =
      url_safe(base64_encoded(head.dump())) + '.' + url_safe(base64_encoded(claims.dump()));
  return signed_part + '.' + url_safe(signature(keys.key, signed_part));
}

std::string base64_encoded(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

bool base64_decoded(std::string_view text, std::string& into) {
  into.clear();
  if (text.size() % 4 != 0) return false;
  std::vector<unsigned char> bytes(text.size() / 4 * 3 + 1);
  const int length =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (length < 0) return false;
  std::size_t kept = static_cast<std::size_t>(length);
  for (std::size_t i = text.size(); i > 0 && text[i - 1] == '=' && kept > 0; --i)
    --kept;
  into.assign(reinterpret_cast<const char*>(bytes.data()), kept);
  return true;
}

std::string random_key(std::size_t bytes) {
  std::string raw(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes)) != 1)
    throw error(error_kind::failed, "libcrypto has no random numbers");
  return base64_encoded(raw);
}

std::string random_uuid() {
  unsigned char raw[16];
  if (RAND_bytes(raw, sizeof raw) != 1)
    throw error(error_kind::failed, "libcrypto has no random numbers");
  raw[6] = static_cast<unsigned char>((raw[6] & 0x0F) | 0x40);
  raw[8] = static_cast<unsigned char>((raw[8] & 0x3F) | 0x80);
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < sizeof raw; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[raw[i] >> 4];
    text += digits[raw[i] & 15];
  }
  return text;
}

}  // namespace clusterless::emulator
