// SPDX-License-Identifier: MIT
#include "cli/npy.hpp"

#include <algorithm>
#include <clusterless/codec.hpp>

namespace clusterless::cli {

namespace {

using kind = type::kind;

std::string scalar_name(const type& of) {
  switch (of.is) {
    case kind::boolean:
      return "|b1";
    case kind::integer:
      return of.count == 1 ? "|i1" : "<i" + std::to_string(of.count);
    case kind::natural:
      return of.count == 1 ? "|u1" : "<u" + std::to_string(of.count);
    case kind::real:
      return "<f" + std::to_string(of.count);
    default:
      return {};
  }
}

std::string head_for(const std::string& scalar, const std::string& shape) {
  std::string dictionary =
      "{'descr': '" + scalar + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  constexpr std::size_t before = 10;
  dictionary.append(63 - (before + dictionary.size()) % 64, ' ');
  dictionary += '\n';
  std::string head("\x93NUMPY\x01\x00", 8);
  head += static_cast<char>(dictionary.size() & 0xff);
  head += static_cast<char>(dictionary.size() >> 8);
  return head + dictionary;
}

}  // namespace

std::optional<npy_file> as_npy(const type& of, bytes value) {
  const bool counted = of.is == kind::list || of.is == kind::array;
  const type* element = counted ? &of.parts[0] : &of;
  std::string inner;
  while (element->is == kind::fixed) {
    inner += std::to_string(element->count) + ", ";
    element = &element->parts[0];
  }
  const std::string scalar = scalar_name(*element);
  if (scalar.empty() || (!counted && inner.empty())) return std::nullopt;
  reader in(value.data(), value.size());
  std::string shape = inner;
  if (counted) {
    const auto count = in.get_raw<std::uint64_t>();
    if (of.is == kind::array && codec<bool>::get(in))
      detail::throw_bad("an array that was kept in memory only");
    const std::uint64_t each = of.parts[0].least;
    if (count != in.left() / each || in.left() % each != 0)
      detail::throw_count(count, static_cast<std::size_t>(each), in.left());
    shape = std::to_string(count) + ", " + inner;
  } else if (of.least != in.left()) {
    detail::throw_short(static_cast<std::size_t>(of.least), in.left());
  }
  const bytes data = value.subspan(value.size() - in.left());
  const auto is_bool = [](std::byte each) { return each <= std::byte{1}; };
  if (element->is == kind::boolean && !std::all_of(data.begin(), data.end(), is_bool))
    detail::throw_bad("a bool that is neither 0 nor 1");
  if (shape.size() > 4096) return std::nullopt;
  return npy_file{head_for(scalar, shape), data};
}

}  // namespace clusterless::cli
