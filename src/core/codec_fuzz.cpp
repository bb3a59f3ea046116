// SPDX-License-Identifier: MIT
// Any bytes read as a value of any type are that value or one codec_error; a value that was read
// comes back from its own bytes. The first byte chooses the type.
#include <clusterless/array.hpp>
#include <clusterless/codec_std.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/detail/pack.hpp>
#include <clusterless/file.hpp>
#include <clusterless/outcome.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

using namespace clusterless;

enum class colour : std::uint8_t { red, green };
struct point {
  float x = 0;
  float y = 0;
};
struct record {
  std::string name = {};
  std::vector<point> outline = {};
  std::optional<std::vector<std::string>> words = {};
  std::array<std::pair<bool, colour>, 2> pairs = {};
  array<std::uint16_t> numbers = {};
  none nothing = {};
};

template <class T>
detail::buffer encoded(const T& value) {
  detail::buffer bytes;
  writer out(bytes);
  codec<T>::put(out, value);
  return bytes;
}

template <class T>
T decoded(const std::byte* from, std::size_t n) {
  reader in(from, n);
  T value = codec<T>::get(in);
  expect_end(in);
  return value;
}

/// `Ordered`: the same value always has the same bytes.
template <class T, bool Ordered = true>
void check(const std::byte* from, std::size_t n) {
  try {
    const detail::buffer once = encoded(decoded<T>(from, n));
    const detail::buffer twice = encoded(decoded<T>(once.data(), once.size()));
    if (once.size() != twice.size()) std::abort();
    if (Ordered && std::memcmp(once.data(), twice.data(), once.size()) != 0) std::abort();
  } catch (const codec_error&) {
  }
}

/// A pack of outcomes, as a client reads it.
void check_pack(const std::byte* from, std::size_t n) {
  detail::pack_cursor cursor(from, n);
  detail::entry_view entry;
  while (cursor.next(entry)) {
    if (entry.kind != detail::entry_kind::error) {
      check<std::string>(entry.body, entry.size);
      continue;
    }
    try {
      const remote_error error(detail::decode_error(entry.body, entry.size));
      if (std::strlen(error.what()) == 0) std::abort();
    } catch (const codec_error&) {
    }
  }
  if (cursor.good() != (cursor.position() == from + n)) std::abort();
}

using read = void (*)(const std::byte*, std::size_t);
constexpr read reads[] = {
    check_pack,
    check<error_info>,
    check<record>,
    check<file>,
    check<std::vector<record>>,
    check<std::vector<std::vector<std::vector<bool>>>>,
    check<std::vector<array<point>>>,
    check<std::tuple<double, std::string, std::optional<std::array<std::string, 3>>>>,
    check<std::map<std::string, std::variant<std::monostate, int, std::vector<std::string>>>>,
    check<std::unordered_map<std::uint8_t, std::multimap<bool, std::string>>, false>,
    check<std::list<std::set<std::uint16_t>>>,
    check<std::deque<std::unordered_multiset<std::string>>, false>,
    check<std::vector<std::unique_ptr<std::filesystem::path>>>,
    check<std::pair<std::chrono::hours, std::chrono::system_clock::time_point>>,
    check<std::pair<std::chrono::duration<float>, std::bitset<11>>>,
    check<std::vector<std::complex<float>>>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  reads[data[0] % std::size(reads)](reinterpret_cast<const std::byte*>(data + 1), size - 1);
  return 0;
}
