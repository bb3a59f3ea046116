// SPDX-License-Identifier: MIT
// Nested levels of parallelism: the outer map sends each list to a task of its own, the inner map
// spreads the names of the list over the nodes of that task.
#include <clusterless/clusterless.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace cl = clusterless;

std::string hello_world(const std::string& name) {
  std::printf("Hello %s from %d\n", name.c_str(), cl::myid());
  return "Goodbye from " + name;
}

std::vector<std::string> say_hello(const std::vector<std::string>& names) {
  return cl::pmap(hello_world, names);  // inner level: the nodes of this task
}

int main(int argc, char** argv) {
  cl::init(argc, argv);
  auto pool = cl::create_pool("pool_startup_script.sh");  // reads PARAMETERS and CREDENTIALS

  const std::vector<std::vector<std::string>> name_lists = {{"Bob", "Jane", "John", "Anne"},
                                                            {"Mark", "Sarah", "Max", "Emma"}};
  auto job = pool.pmap(say_hello, name_lists);  // outer level: the tasks of a batch job
  const std::vector<std::vector<std::string>> out = job.fetch();
  for (const auto& list : out) {
    for (const auto& line : list)
      std::printf("%s\n", line.c_str());
  }
  job.destroy();
}
