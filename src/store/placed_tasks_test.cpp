// SPDX-License-Identifier: MIT
#include "store/placed_tasks.hpp"

#include <doctest/doctest.h>

#include "store/job_record.hpp"
#include "support/memory_store.hpp"

namespace store = clusterless::store;
using store::item_range;

namespace {

std::vector<item_range> owed_by(const std::vector<store::open_task>& open, std::uint64_t task) {
  for (const auto& each : open)
    if (each.what.task == task) return each.owed;
  return {};
}

}  // namespace

TEST_CASE("tasks come back from bytes as they were, and from nothing that was cut") {
  const std::vector<store::placed_task> tasks{{{0, 10}, 1, 0, 0, "there/t1"},
                                              {{10, 1}, 2, 3, 4, ""}};
  const auto bytes = store::encode_tasks(tasks);
  std::vector<store::placed_task> back;
  REQUIRE(store::decode_tasks(bytes, back));
  REQUIRE(back.size() == 2);
  CHECK(back[0].items == item_range{0, 10});
  CHECK(back[0].place == "there/t1");
  CHECK(back[1].task == 2);
  CHECK(back[1].user_tries == 3);
  CHECK(back[1].lost_tries == 4);
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    if (size == bytes.size() - 40) continue;  // the first of them, whole
    std::vector<store::placed_task> none;
    CHECK_FALSE(store::decode_tasks({bytes.data(), size}, none));
    CHECK(none.empty());
  }
}

TEST_CASE("a task owes the items that have no outcome and are in no later task, nor withdrawn") {
  store::item_states states;
  states.decide({0, 2}, {});
  states.decide({5, 1}, {});
  const std::vector<store::placed_task> tasks{{{0, 10}, 1, 0, 0, "a"},
                                              {{10, 5}, 2, 0, 0, "b"},
                                              {{3, 1}, 3, 1, 0, "c"},
                                              {{8, 4}, 4, 0, 1, "d"},
                                              {{13, 1}, 0, 0, 0, ""}};
  const auto open = store::open_tasks(tasks, states);
  CHECK(owed_by(open, 1) == std::vector<item_range>{{2, 1}, {4, 1}, {6, 2}});
  CHECK(owed_by(open, 2) == std::vector<item_range>{{12, 1}, {14, 1}});
  CHECK(owed_by(open, 3) == std::vector<item_range>{{3, 1}});
  CHECK(owed_by(open, 4) == std::vector<item_range>{{8, 4}});
}

TEST_CASE("a task whose items all have outcomes is over") {
  store::item_states states;
  states.decide({0, 10}, {});
  CHECK(store::open_tasks({{{0, 10}, 1, 0, 0, "a"}}, states).empty());
}

TEST_CASE("the next driver finds the tasks of a dead one, until they are said to be gone") {
  const auto in = std::make_shared<clusterless::tests::memory_store>();
  store::manifest about;
  about.name = "waves";
  about.run = "r1";
  auto first = store::job_record::create(in, about, {});
  first->append_tasks({{{0, 2}, 1, 0, 0, "there/t1"}, {{2, 2}, 2, 0, 0, "there/t2"}});
  first->commit();
  first->release();

  auto next = store::job_record::open(in, "waves");
  CHECK(next->tasks().size() == 2);
  CHECK(next->open_tasks().size() == 2);
  REQUIRE(next->drive());
  next->append_tasks_gone();
  next->append_tasks({{{2, 2}, 3, 0, 1, "there/t3"}});
  next->commit();
  const auto seen = store::job_record::open(in, "waves");
  REQUIRE(seen->open_tasks().size() == 1);
  CHECK(seen->open_tasks()[0].what.place == "there/t3");
}
