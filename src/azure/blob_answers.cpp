// SPDX-License-Identifier: MIT
#include "azure/blob_answers.hpp"

#include <algorithm>
#include <charconv>

#include "azure/crypto.hpp"
#include "azure/text.hpp"

namespace clusterless::azure::answers {
namespace {

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Of the whole blob: "bytes 0-1/17" for ranges, the length for the rest.
std::uint64_t whole_size(const response& from) {
  const std::string range = from.value_of("content-range");
  const auto slash = range.rfind('/');
  if (slash != std::string::npos) return number(std::string_view(range).substr(slash + 1));
  return number(from.value_of("content-length"));
}

}  // namespace

blob_facts facts_of(const response& from) {
  blob_facts out;
  out.etag = from.value_of("etag");
  out.size = whole_size(from);
  out.modified_s = parse_http_date(from.value_of("last-modified")).value_or(0);
  out.md5 = from.value_of("x-ms-blob-content-md5");
  if (out.md5.empty()) out.md5 = from.value_of("content-md5");
  out.type = from.value_of("x-ms-blob-type");
  out.lease_state = from.value_of("x-ms-lease-state");
  for (const header& one : from.headers) {
    const std::string name = lower_case(one.name);
    constexpr std::string_view prefix = "x-ms-meta-";
    if (name.starts_with(prefix)) out.metadata[name.substr(prefix.size())] = one.value;
  }
  return out;
}

answer unless(std::vector<std::string_view> codes, then<bool> then) {
  return [codes = std::move(codes), then = std::move(then)](result<response> got) {
    if (got) return then(true);
    const auto is = [&](std::string_view code) { return got.error().is(code); };
    if (std::any_of(codes.begin(), codes.end(), is)) return then(false);
    then(got.error());
  };
}

answer unless_missing(then<bool> then) {
  return [then = std::move(then)](const result<response>& got) {
    if (got) return then(true);
    if (got.error().status == 404) return then(false);
    then(got.error());
  };
}

answer nothing(then<done> then) {
  return [then = std::move(then)](const result<response>& got) {
    if (!got) return then(got.error());
    then(done());
  };
}

answer facts(std::uint64_t size, then<blob_facts> then) {
  return [size, then = std::move(then)](result<response> got) {
    if (!got) return then(got.error());
    blob_facts out = facts_of(got.value());
    out.size = size;
    then(std::move(out));
  };
}

service_error unreadable(std::string_view what) {
  service_error out;
  out.what = "read " + std::string(what);
  out.status = 200;
  out.code = "UnreadableAnswer";
  out.message = "the answer is not of the form that the protocol has";
  out.hint = "check that the URL is one of this service";
  return out;
}

void take_content(const std::string& of, bool checked, std::span<std::byte> into,
                  result<response> got, const then<std::optional<blob_content>>& then) {
  if (!got && got.error().status == 404) return then(std::optional<blob_content>());
  if (!got && got.error().status == 416) return then(std::optional(blob_content()));
  if (!got) return then(got.error());
  blob_content out;
  out.facts = facts_of(got.value());
  out.received = into.empty() ? got->body.size() : got->received;
  out.body = std::move(got->body);
  const std::string sum = got->value_of("content-md5");
  if (checked && !sum.empty()) {
    const auto bytes = into.empty() ? std::as_bytes(std::span(out.body))
                                    : std::span<const std::byte>(into.first(out.received));
    if (base64(md5(bytes)) != sum) {
      service_error why;
      why.what = of;
      why.status = got->status;
      why.code = "Md5Mismatch";
      why.message = "the bytes that arrived are not those that were stored";
      why.hint = "read it again; if it stays so, the blob was damaged: write it again";
      return then(std::move(why));
    }
  }
  then(std::optional(std::move(out)));
}

}  // namespace clusterless::azure::answers
