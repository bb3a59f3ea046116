// SPDX-License-Identifier: MIT
// Files as arguments and results: every item reads the same table, which is sent once, and returns
// a file named out.dat. A thousand of them stay apart.
#include <clusterless/clusterless.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace cl = clusterless;
namespace fs = std::filesystem;

// Writes the table's numbers, times `factor`, to out.dat in the item's own directory.
cl::file scale(const int& factor, const cl::file& table) {
  std::ifstream in(table.path());
  std::ofstream out(cl::scratch_dir() + "/out.dat");
  for (int number = 0; in >> number;)
    out << number * factor << '\n';
  return cl::file("out.dat");
}

int sum_of(const fs::path& file) {
  std::ifstream in(file);
  int sum = 0;
  for (int number = 0; in >> number;)
    sum += number;
  return sum;
}

int main(int argc, char** argv) {
  cl::init(argc, argv);
  const fs::path folder = argc > 1 ? argv[1] : "files_out";
  constexpr int items = 1000;

  fs::create_directories(folder);
  std::ofstream(folder / "table.txt") << "1 2 3 4\n";

  auto pool = cl::create_pool();
  auto job = pool.pmap(cl::bind(scale, cl::file((folder / "table.txt").string())), items);
  for (const auto& outcome : job.completed()) {
    const fs::path own = folder / std::to_string(outcome.item());
    fs::create_directories(own);
    outcome.value().save(own.string());  // as <own>/out.dat
  }

  int right = 0;
  for (int i = 0; i < items; ++i)
    right += sum_of(folder / std::to_string(i) / "out.dat") == 10 * i ? 1 : 0;
  std::printf("%d of %d files hold what they should\n", right, items);
  return right == items ? 0 : 1;
}
