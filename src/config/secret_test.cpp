// SPDX-License-Identifier: MIT
#include "config/secret.hpp"

#include <sstream>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

namespace config = clusterless::config;

TEST_CASE("a secret prints as stars, an empty one as nothing") {
  const config::secret hidden(std::string("hush"));
  std::ostringstream out;
  out << hidden << "|" << config::secret();

  CHECK(out.str() == "***|");
  CHECK(config::to_text(hidden) == "***");
  CHECK(hidden.reveal() == "hush");
}

TEST_CASE("the string a secret came in is wiped, short or long") {
  std::string short_text = "hush";
  std::string long_text(1000, 'k');
  const char* const short_bytes = short_text.data();
  const char* const long_bytes = long_text.data();

  const config::secret first(std::move(short_text));
  const config::secret second(std::move(long_text));

  CHECK(std::string_view(short_bytes, 4) == std::string_view("\0\0\0\0", 4));
  CHECK(std::string_view(long_bytes, 1000).find('k') == std::string_view::npos);
  CHECK(second.reveal() == std::string(1000, 'k'));
}

TEST_CASE("a secret moves and leaves nothing behind") {
  config::secret from(std::string("hush"));
  config::secret to(std::string("older"));
  to = std::move(from);
  const config::secret last(std::move(to));

  CHECK(last.reveal() == "hush");
  static_assert(!std::is_copy_constructible_v<config::secret>);
  static_assert(!std::is_convertible_v<config::secret, std::string>);
}
