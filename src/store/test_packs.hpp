// SPDX-License-Identifier: MIT
// For the tests of this room: manifests and packs with content that can be told apart.
#pragma once

#include <clusterless/detail/pack.hpp>
#include <cstdint>
#include <string>

#include "store/job_record.hpp"

namespace clusterless::store::tests {

inline manifest small_manifest(const std::string& name, const std::string& run = "run-1") {
  manifest m;
  m.name = name;
  m.run = run;
  m.program = "/bin/true";
  return m;
}

inline bytes bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}
inline bytes bytes_of(const buffer& pack) {
  return {pack.data(), pack.size()};
}

inline std::string text_of(const std::optional<stored_entry>& entry) {
  if (!entry) return "(none)";
  const std::string text(reinterpret_cast<const char*>(entry->body.data()), entry->body.size());
  return (entry->kind == detail::entry_kind::error ? "!" : "") + text;
}

inline void add_entry(buffer& pack, const std::string& text,
                      detail::entry_kind kind = detail::entry_kind::value) {
  const std::size_t at = detail::open_entry(pack);
  pack.append(text.data(), text.size());
  detail::close_entry(pack, at, kind);
}

/// `count` entries "<word> <item>"; those whose item is a multiple of `failing` are errors.
inline buffer pack_of(const std::string& word, std::uint64_t first, std::uint64_t count,
                      std::uint64_t failing = 0) {
  buffer pack;
  for (std::uint64_t i = first; i < first + count; ++i)
    add_entry(
        pack, word + " " + std::to_string(i),
        failing != 0 && i % failing == 0 ? detail::entry_kind::error : detail::entry_kind::value);
  return pack;
}

}  // namespace clusterless::store::tests
