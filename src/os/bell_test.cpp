// SPDX-License-Identifier: MIT
#include "os/bell.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/mman.h>

#include <vector>

using clusterless::os::bell;
using clusterless::os::bell_page;
using clusterless::os::bell_ringer;

namespace {

/// A bell and one who rings it, over a mapping of his own as in another process.
struct house {
  bell inside;
  bell_page* page = static_cast<bell_page*>(
      ::mmap(nullptr, sizeof(bell_page), PROT_READ | PROT_WRITE, MAP_SHARED, inside.page_fd(), 0));
  int number = inside.take_number();
  bell_ringer outside{page, inside.event_fd(), number};

  house() = default;
  house(const house&) = delete;
  house& operator=(const house&) = delete;
  ~house() { ::munmap(page, sizeof(bell_page)); }

  bool rings() const {
    pollfd event{inside.event_fd(), POLLIN, 0};
    return ::poll(&event, 1, 0) == 1;
  }
  std::vector<int> told() {
    std::vector<int> numbers;
    inside.collect([&](int each) { numbers.push_back(each); });
    return numbers;
  }
};

}  // namespace

TEST_CASE("a bell rings for who sleeps only, and says who told") {
  house one;
  one.outside.tell();
  CHECK_FALSE(one.rings());
  CHECK(one.told() == std::vector{one.number});

  REQUIRE(one.inside.fall_asleep());
  one.outside.tell();
  CHECK(one.rings());
  one.inside.awake();
  CHECK_FALSE(one.rings());
  CHECK(one.told() == std::vector{one.number});
}

TEST_CASE("nobody falls asleep over what was told") {
  house one;
  one.outside.tell();
  CHECK_FALSE(one.inside.fall_asleep());
  CHECK_FALSE(one.inside.fall_asleep(true));
  CHECK(one.told() == std::vector{one.number});
  CHECK(one.inside.fall_asleep());
}

TEST_CASE("while another thread attends, a sleeper is not rung, and is again when it leaves") {
  house one;
  REQUIRE(one.inside.fall_asleep());
  one.inside.attend(true);
  one.outside.tell();
  CHECK_FALSE(one.rings());

  one.inside.leave();
  CHECK(one.rings());
}

TEST_CASE("who dozes is not rung, whoever comes and leaves, until nobody attends any more") {
  house one;
  REQUIRE(one.inside.fall_asleep(true));
  one.outside.tell();
  one.inside.attend(true);
  CHECK(one.told() == std::vector{one.number});
  one.inside.leave();
  one.outside.tell();
  CHECK_FALSE(one.rings());

  one.inside.attend(false);
  CHECK(one.rings());
  one.inside.awake();
  CHECK(one.told() == std::vector{one.number});
}

TEST_CASE("who dozed is rung for what comes after attention has ended") {
  house one;
  REQUIRE(one.inside.fall_asleep(true));
  one.inside.attend(false);
  CHECK_FALSE(one.rings());
  one.outside.tell();
  CHECK(one.rings());
}
