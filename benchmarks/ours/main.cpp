// SPDX-License-Identifier: MIT
#include "ours.hpp"

int main(int argc, char** argv) {
  clusterless::init(argc, argv);
  const bench::arguments given(argc, argv);
  const std::map<std::string, void (*)(const bench::arguments&)> works = {
      {"noop", bench::noop},           {"latency", bench::latency},
      {"lazy", bench::lazy},           {"durable", bench::durable},
      {"payload", bench::payload},     {"payload_array", bench::payload_array},
      {"broadcast", bench::broadcast}, {"broadcast_array", bench::broadcast_array},
      {"nested", bench::nested},       {"crash", bench::crash},
      {"idle", bench::idle},           {"growth", bench::growth},
  };
  const auto found = works.find(given.work);
  if (found == works.end()) bench::fail("no such work: " + given.work);
  found->second(given);
}
