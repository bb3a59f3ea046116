// SPDX-License-Identifier: MIT
#include "engine/azure/task_place.hpp"

#include <doctest/doctest.h>

namespace engine = clusterless::engine;

TEST_CASE("the place of a task comes back from its text") {
  const engine::task_place place{
      "https://a.region.batch.azure.com", "pool_2", 2, "job-1", "container-1", "pool2-low5/", "t7"};
  const auto back = engine::parse_place(engine::to_text(place));
  REQUIRE(back);
  CHECK(back->batch_url == place.batch_url);
  CHECK(back->pool == "pool_2");
  CHECK(back->pool_number == 2);
  CHECK(back->job == "job-1");
  CHECK(back->container == "container-1");
  CHECK(back->folder == "pool2-low5/");
  CHECK(back->task == "t7");
}

TEST_CASE("text that is no place of a task is not taken for one") {
  for (const char* text :
       {"", "azure-1", "azure-1 u p 1 j c f", "azure-1 u p x j c f t", "azure-2 u p 1 j c f t",
        "azure-1 u p 1 j c f t more", "azure-1 u  1 j c f t"})
    CHECK_FALSE(engine::parse_place(text));
}

TEST_CASE("an account is the same with and without a slash at the end of its address") {
  CHECK(engine::same_account("https://A.batch.azure.com/", "https://a.batch.azure.com"));
  CHECK_FALSE(engine::same_account("https://a.batch.azure.com", "https://b.batch.azure.com"));
}
