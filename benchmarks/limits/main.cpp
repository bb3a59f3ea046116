// SPDX-License-Identifier: MIT
#include "limits.hpp"

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  const std::map<std::string, void (*)(const bench::arguments&)> limits = {
      {"task_table", bench::task_table},
      {"spin_round_trip", bench::spin_round_trip},
      {"futex_round_trip", bench::futex_round_trip},
      {"copy_in_place", bench::copy_in_place},
      {"copy_to_memfd", bench::copy_to_memfd},
      {"share_by_copy", bench::share_by_copy},
      {"share_by_mapping", bench::share_by_mapping},
      {"start_process", bench::start_process},
      {"append_records", bench::append_records},
  };
  const auto found = limits.find(given.work);
  if (found == limits.end()) bench::fail("no such limit: " + given.work);
  found->second(given);
}
