// SPDX-License-Identifier: MIT
// Inputs that are not plain values: results of other jobs, broadcasts, files.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/pool_under_test.hpp"

namespace cl = clusterless;
using conformance::await;
using conformance::contains;
using conformance::make_pool;
using conformance::shared_folder;
using conformance::touch;

namespace {

int doubled(int x) {
  if (x == 13) throw std::runtime_error("13 is unlucky");
  return 2 * x;
}
int plus_one(int x) {
  return x + 1;
}

cl::array<double> filled(double value) {
  cl::array<double> a(100'000);
  for (auto& x : a)
    x = value;
  return a;
}
double total(const cl::array<double>& a) {
  double sum = 0;
  for (const double x : a)
    sum += x;
  return sum;
}

int after_gate(const std::string& gate) {
  await(gate);
  return 5;
}

struct model {
  std::string name = {};
  std::vector<double> weights = {};
};
double weighted(int i, const cl::broadcast<model>& m) {
  return m->weights.at(static_cast<std::size_t>(i)) + static_cast<double>(m->name.size());
}

std::string content_with_path(const cl::file& in) {
  std::ifstream from(in.path());
  std::string text((std::istreambuf_iterator<char>(from)), std::istreambuf_iterator<char>());
  return in.name() + '|' + text;
}

cl::file make_file(const std::string& text) {
  const std::string path = cl::scratch_dir() + "/out.dat";
  std::ofstream(path) << text;
  return cl::file("out.dat");
}

}  // namespace

TEST_CASE("results of one job are inputs of another") {
  auto pool = make_pool(2);
  auto first = pool.pmap(doubled, 10);
  std::vector<cl::result<int>> inputs;
  for (std::size_t i = 0; i < 10; ++i)
    inputs.push_back(first.result(9 - i));

  const auto values = pool.pmap(plus_one, inputs).fetch();

  REQUIRE(values.size() == 10);
  for (int i = 0; i < 10; ++i)
    CHECK(values[static_cast<std::size_t>(i)] == 2 * (9 - i) + 1);
}

TEST_CASE("a map over results in a container of one's own does not wait for them") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto first = pool.run(after_gate, folder / "gate");
  const std::vector<cl::result<int>> inputs = {first.result(0), first.result(0)};

  auto second = pool.pmap(plus_one, inputs);

  CHECK_FALSE(first.status().finished);
  touch(folder / "gate");
  CHECK(second.fetch() == std::vector<int>{6, 6});
}

TEST_CASE("a result that is not there yet is waited for, one that failed fails its user only") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto late = pool.run(after_gate, folder / "gate");
  auto bad = pool.pmap(doubled, {12, 13});
  std::vector<cl::result<int>> inputs = {bad.result(0), bad.result(1), late.result(0)};

  auto job = pool.pmap(plus_one, std::move(inputs));
  touch(folder / "gate");
  const auto all = job.outcomes();

  REQUIRE(all.size() == 3);
  CHECK(all[0].value() == 25);
  CHECK(all[2].value() == 6);
  REQUIRE_FALSE(all[1]);
  CHECK(all[1].error().cause() == cl::cause::input_failed);
  CHECK(all[1].error().item() == 1);
  CHECK_MESSAGE(contains(all[1].error().what(), "13 is unlucky"), all[1].error().what());
}

TEST_CASE("a result of an item that is not there fails its user only") {
  auto pool = make_pool(2);
  auto three = pool.pmap(plus_one, 3);
  three.wait();
  const std::vector<cl::result<int>> inputs = {three.result(2), three.result(3), three.result(0)};

  for (auto& job : {pool.pmap(plus_one, inputs), pool.pmap(plus_one, std::vector(inputs))}) {
    const auto all = cl::job<int>(job).outcomes();
    REQUIRE(all.size() == 3);
    CHECK(all[0].value() == 4);
    CHECK(all[2].value() == 2);
    CHECK(all[1].error().cause() == cl::cause::input_failed);
    CHECK_MESSAGE(contains(all[1].error().what(), "the result of item 3"), all[1].error().what());
  }
  CHECK(pool.pmap(plus_one, 3).fetch().size() == 3);
}

TEST_CASE("chains of results run through several jobs and pools") {
  auto a = make_pool(1);
  auto b = make_pool(2);
  std::vector<cl::job<int>> links = {a.pmap(plus_one, {0})};
  for (int i = 0; i < 40; ++i) {
    auto& on = i % 2 == 0 ? b : a;
    links.push_back(on.pmap(plus_one, std::vector<cl::result<int>>{links.back().result(0)}));
  }
  CHECK(links.back().fetch(0) == 41);

  auto arrays = a.pmap(filled, {1.0, 2.0, 3.0});
  std::vector<cl::result<cl::array<double>>> inputs;
  for (std::size_t i = 0; i < 3; ++i)
    inputs.push_back(arrays.result(i));
  CHECK(b.pmap(total, inputs).fetch() == std::vector<double>{1e5, 2e5, 3e5});
  CHECK(b.pmap(total, std::move(inputs)).fetch() == std::vector<double>{1e5, 2e5, 3e5});
}

TEST_CASE("a broadcast reaches all items of any number of jobs") {
  auto pool = make_pool(3);
  model m{"abc", std::vector<double>(1000)};
  for (std::size_t i = 0; i < m.weights.size(); ++i)
    m.weights[i] = static_cast<double>(i) / 2;
  const auto shared = pool.broadcast(m);

  for (int round = 0; round < 3; ++round) {
    const auto values = pool.pmap(cl::bind(weighted, shared), 100).fetch();
    for (std::size_t i = 0; i < 100; ++i)
      CHECK(values[i] == 3 + static_cast<double>(i) / 2);
  }
  CHECK(shared->name == "abc");
  auto size_of = [](const cl::broadcast<model>& b) { return b->weights.size(); };
  CHECK(pool.run(size_of, shared).fetch(0) == 1000);
}

TEST_CASE("vectors and arrays are broadcast and shared by nested items") {
  auto pool = make_pool(3);
  const auto numbers = pool.broadcast(std::vector<double>(2'000'000, 0.25));
  cl::array<double> big(2'000'000);
  big[7] = 1.5;
  const auto array = pool.broadcast(big);
  auto inner = [](int i, const cl::broadcast<std::vector<double>>& v,
                  const cl::broadcast<cl::array<double>>& a) {
    return (*v)[static_cast<std::size_t>(i)] + (*a)[7];
  };
  auto outer = [](int n, const cl::broadcast<std::vector<double>>& v,
                  const cl::broadcast<cl::array<double>>& a) {
    auto item = [](int i, const cl::broadcast<std::vector<double>>& x,
                   const cl::broadcast<cl::array<double>>& y) {
      return (*x)[static_cast<std::size_t>(i)] + (*y)[7];
    };
    double sum = 0;
    for (const double each : cl::pmap(cl::bind(item, v, a), n))
      sum += each;
    return sum;
  };

  CHECK(pool.pmap(cl::bind(inner, numbers, array), 20).fetch() == std::vector<double>(20, 1.75));
  CHECK(pool.pmap(cl::bind(outer, numbers, array), {4, 8}, {.nodes_per_task = 3}).fetch() ==
        std::vector<double>{7, 14});
}

TEST_CASE("a broadcast lives as long as a job that uses it") {
  auto pool = make_pool(2);
  const shared_folder folder;
  auto held = [](const std::string& gate, const cl::broadcast<std::vector<int>>& b) {
    await(gate);
    return b->at(3);
  };
  auto job = [&] {
    const auto shared = pool.broadcast(std::vector<int>{0, 1, 2, 33});
    return pool.pmap(cl::bind(held, shared), {folder / "gate"});
  }();
  touch(folder / "gate");

  CHECK(job.fetch(0) == 33);
  for (int i = 0; i < 50; ++i) {
    const auto shared = pool.broadcast(std::vector<int>(1000, i));
    auto first = [](int, const cl::broadcast<std::vector<int>>& b) { return b->front(); };
    CHECK(pool.pmap(cl::bind(first, shared), 2).fetch() == std::vector<int>{i, i});
  }
}

TEST_CASE("files are sent with their names, whatever those are") {
  auto pool = make_pool(2);
  const shared_folder folder;
  std::vector<cl::file> files;
  std::vector<std::string> expected;
  for (const char* name : {"plain.txt", "with space.txt", "line\nbreak", "-dash", "..dots", "ü"}) {
    const std::string path = folder / name;
    std::ofstream(path) << "content of " << name;
    files.emplace_back(path);
    expected.push_back(std::string(name) + "|content of " + name);
  }

  CHECK(pool.pmap(content_with_path, files).fetch() == expected);
  for (const char* bad : {"", ".", "..", "a/.."})
    CHECK_THROWS_AS(cl::file{bad}, cl::error);
}

TEST_CASE("a hundred items return files of one name, which stay apart") {
  auto pool = make_pool(3);
  const shared_folder folder;
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i)
    texts.push_back("result " + std::to_string(i));
  texts.push_back("");
  texts.push_back(std::string(2'000'000, 'q'));

  const auto files = pool.pmap(make_file, texts).fetch();

  REQUIRE(files.size() == texts.size());
  std::set<std::string> paths;
  for (std::size_t i = 0; i < files.size(); ++i) {
    CHECK(files[i].name() == "out.dat");
    CHECK((files[i].contents() == texts[i]));
    CHECK(files[i].size() == texts[i].size());
    paths.insert(files[i].path());
  }
  CHECK(paths.size() == files.size());
  files[5].save(folder / "five.dat");
  CHECK(conformance::lines_of(folder / "five.dat") == std::vector<std::string>{"result 5"});
  const auto back = pool.pmap(content_with_path, files).fetch();
  CHECK(back[7] == "out.dat|result 7");
}

TEST_CASE("a file that a result names but nobody wrote is that item's failure") {
  auto pool = make_pool(2);
  auto forgets = [](int i) {
    if (i == 0) std::ofstream(cl::scratch_dir() + "/x.dat") << "x";
    return cl::file("x.dat");
  };

  const auto all = pool.pmap(forgets, 2).outcomes();

  CHECK(all[0].value().contents() == "x");
  REQUIRE_FALSE(all[1]);
  CHECK_MESSAGE(contains(all[1].error().what(), "x.dat"), all[1].error().what());
}
