// SPDX-License-Identifier: MIT
#include "azure/crypto.hpp"

#include <doctest/doctest.h>

#include <clusterless/error.hpp>

using namespace clusterless;
using namespace clusterless::azure;

namespace {

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

TEST_CASE("keyed hashes agree with RFC 4231, test case 2") {
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("MD5 agrees with RFC 1321, whole and in parts") {
  CHECK(hex(md5({})) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(hex(md5(bytes_of("message digest"))) == "f96b697d7cb7938d525a2f31aaf161d0");
  md5_sum sum;
  sum.add(bytes_of("message "));
  sum.add(bytes_of("digest"));
  CHECK(hex(sum.finish()) == "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST_CASE("base64 agrees with RFC 4648, section 10, both ways") {
  const std::pair<const char*, const char*> known[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : known) {
    CHECK(base64(plain) == coded);
    CHECK(from_base64(coded, "text") == plain);
  }
}

TEST_CASE("what is not base64 is refused without being repeated") {
  for (const char* wrong : {"Zg=", "Zg", "Z===", "Zg==Zg==", "Zm9v!m9v", "Zm=v"})
    CHECK_THROWS_WITH_AS(from_base64(wrong, "the key"),
                         "the key is not base64; copy it whole, with its =", error);
}

TEST_CASE("uuids are of version 4 and differ") {
  const std::string one = random_uuid();
  CHECK(one.size() == 36);
  CHECK(one[14] == '4');
  CHECK(one != random_uuid());
}
