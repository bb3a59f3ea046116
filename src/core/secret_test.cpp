// SPDX-License-Identifier: MIT
#include "core/secret.hpp"

#include <sstream>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

namespace core = clusterless::core;

TEST_CASE("a secret prints as stars, an empty one as nothing") {
  const core::secret hidden(std::string("hush"));
  std::ostringstream out;
  out << hidden << "|" << core::secret();

  CHECK(out.str() == "***|");
  CHECK(core::to_text(hidden) == "***");
  CHECK(hidden.reveal() == "hush");
}

TEST_CASE("the string a secret came in is wiped, short or long") {
  std::string short_text = "hush";
  std::string long_text(1000, 'k');
  const char* const short_bytes = short_text.data();
  const char* const long_bytes = long_text.data();

  const core::secret first(std::move(short_text));
  const core::secret second(std::move(long_text));

  CHECK(std::string_view(short_bytes, 4) == std::string_view("\0\0\0\0", 4));
  CHECK(std::string_view(long_bytes, 1000).find('k') == std::string_view::npos);
  CHECK(second.reveal() == std::string(1000, 'k'));
}

TEST_CASE("a secret moves and leaves nothing behind") {
  core::secret from(std::string("hush"));
  core::secret to(std::string("older"));
  to = std::move(from);
  const core::secret last(std::move(to));

  CHECK(last.reveal() == "hush");
  static_assert(!std::is_copy_constructible_v<core::secret>);
  static_assert(!std::is_convertible_v<core::secret, std::string>);
}
