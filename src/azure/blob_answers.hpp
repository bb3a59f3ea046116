// SPDX-License-Identifier: MIT
// How responses of Blob become the values that blob_client promises.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "azure/blob.hpp"

namespace clusterless::azure::answers {

/// The facts that stand in headers.
blob_facts facts_of(const response& from);

/// True for success, false when the error is one of `codes`.
answer unless(std::vector<std::string_view> codes, then<bool> then);
/// True for success, false when it is not there: HEAD answers have no code.
answer unless_missing(then<bool> then);
answer nothing(then<done> then);
/// The facts of a blob just written with `size` bytes.
answer facts(std::uint64_t size, then<blob_facts> then);

/// The answer is not what the protocol says.
service_error unreadable(std::string_view what);

template <class T>
answer read(std::string what, std::optional<T> (*reader)(std::string_view), then<T> then) {
  return [what = std::move(what), reader, then = std::move(then)](result<response> got) {
    if (!got) return then(got.error());
    auto value = reader(got->body);
    if (!value) return then(unreadable(what));
    then(std::move(*value));
  };
}

/// Ends a GET: nothing for 404, empty behind the end, an error when the MD5 is another.
void take_content(const std::string& of, bool checked, std::span<std::byte> into,
                  result<response> got, const then<std::optional<blob_content>>& then);

}  // namespace clusterless::azure::answers
