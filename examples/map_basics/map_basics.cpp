// SPDX-License-Identifier: MIT
// The calls that most programs need: one call, a map, structs as arguments and results, fixed
// arguments, outcomes when an item fails, results as they come, and a sum.
#include <clusterless/clusterless.hpp>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <stdexcept>
#include <vector>

namespace cl = clusterless;

struct shot {
  double speed;    // m/s
  double degrees;  // above the horizon
};
struct flight {
  double range;  // m
  double time;   // s
};

flight fly(const shot& s, double gravity) {
  if (s.speed < 0) throw std::invalid_argument("a negative speed");
  const double angle = s.degrees * std::numbers::pi / 180;
  const double time = 2 * s.speed * std::sin(angle) / gravity;
  return {s.speed * std::cos(angle) * time, time};
}

int main(int argc, char** argv) {
  cl::init(argc, argv);
  auto pool = cl::create_pool();

  // One call.
  const flight one = pool.run(fly, shot{20, 45}, 9.81).fetch(0);
  std::printf("one call: %.2f m in %.2f s\n", one.range, one.time);

  // A map over 0 … 4; a captureless lambda serves as well as a function.
  const auto squares = pool.pmap([](const int& i) { return i * i; }, 5).fetch();
  std::printf("squares: %d %d %d %d %d\n", squares[0], squares[1], squares[2], squares[3],
              squares[4]);

  // Structs in and out; bind fixes the second argument for all items.
  const std::vector<shot> shots = {{20, 30}, {20, 45}, {-1, 45}, {20, 60}};
  const double moon = 1.62;  // m/s²
  auto job = pool.pmap(cl::bind(fly, moon), shots);

  // Every outcome in input order: a value, or the error of that item alone.
  for (const auto& outcome : job.outcomes()) {
    if (outcome)
      std::printf("shot %zu: %.1f m\n", outcome.item(), outcome.value().range);
    else
      std::printf("shot %zu: %s: %s\n", outcome.item(), outcome.error().type().c_str(),
                  outcome.error().message().c_str());
  }

  // The same outcomes in the order in which they finished.
  std::size_t good = 0;
  for (const auto& outcome : job.completed())
    good += outcome ? 1 : 0;
  std::printf("%zu of %zu shots flew\n", good, shots.size());

  // A sum, folded as results come in.
  const auto half = [](const int& i) { return i / 2.0; };
  const double total = pool.pmap(half, 1000).reduce(0.0, [](double a, double b) { return a + b; });
  std::printf("sum: %.1f\n", total);
}
