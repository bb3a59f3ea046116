// SPDX-License-Identifier: MIT
// Data-parallel training: the data are broadcast once and the weights before each step, gradients
// are mapped over mini-batches and added up on the nodes, and only their sum comes home. The net
// has one hidden layer and learns which points lie inside a ring.
#include <clusterless/clusterless.hpp>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>
#include <vector>

namespace cl = clusterless;

constexpr std::size_t hidden = 16;
constexpr std::size_t parameters = 4 * hidden + 1;  // two weights in, bias and weight out; bias

struct sample {
  double x, y, inside;  // inside: 0 or 1
};
using dataset = std::vector<sample>;
using weights = std::vector<double>;  // x, y, bias and output weight of each hidden node; bias

struct batch {
  std::size_t first, count;
};
struct gradient {
  weights slope;    // of the summed loss
  double loss = 0;  // summed cross entropy
  std::size_t right = 0, samples = 0;
};

double uniform(std::mt19937& random, double limit) {  // in [-limit, limit], alike everywhere
  return limit * (static_cast<double>(random()) / 0x1p31 - 1);
}

dataset make_data(std::size_t n) {
  std::mt19937 random(1);
  dataset data(n);
  for (sample& s : data) {
    s.x = uniform(random, 2);
    s.y = uniform(random, 2);
    const double radius = std::hypot(s.x, s.y);
    s.inside = radius > 0.6 && radius < 1.6 ? 1 : 0;
  }
  return data;
}

void add_sample(gradient& g, const sample& s, const weights& w) {
  double activation[hidden];
  double sum = w.back();
  for (std::size_t h = 0; h < hidden; ++h) {
    const double* in = &w[4 * h];
    activation[h] = std::tanh(in[0] * s.x + in[1] * s.y + in[2]);
    sum += in[3] * activation[h];
  }
  const double predicted = 1 / (1 + std::exp(-sum));
  const double error = predicted - s.inside;  // slope of the cross entropy by `sum`
  for (std::size_t h = 0; h < hidden; ++h) {
    double* out = &g.slope[4 * h];
    const double back = error * w[4 * h + 3] * (1 - activation[h] * activation[h]);
    out[0] += back * s.x;
    out[1] += back * s.y;
    out[2] += back;
    out[3] += error * activation[h];
  }
  g.slope.back() += error;
  g.loss -= std::log(s.inside > 0.5 ? predicted : 1 - predicted);
  g.right += (predicted > 0.5) == (s.inside > 0.5) ? 1 : 0;
  ++g.samples;
}

gradient batch_gradient(const batch& b, const cl::broadcast<dataset>& data,
                        const cl::broadcast<weights>& w) {
  gradient g{.slope = weights(parameters)};
  for (std::size_t i = b.first; i < b.first + b.count; ++i)
    add_sample(g, (*data)[i], *w);
  return g;
}

gradient add(gradient a, const gradient& b) {
  for (std::size_t i = 0; i < parameters; ++i)
    a.slope[i] += b.slope[i];
  a.loss += b.loss;
  a.right += b.right;
  a.samples += b.samples;
  return a;
}

int main(int argc, char** argv) {
  cl::init(argc, argv);
  auto pool = cl::create_pool();

  const auto data = pool.broadcast(make_data(4096));
  std::vector<batch> batches;
  for (std::size_t first = 0; first < data->size(); first += 128)
    batches.push_back({first, 128});

  weights w(parameters), velocity(parameters);
  std::mt19937 random(2);
  for (double& each : w)
    each = uniform(random, 1);

  constexpr int steps = 200;
  for (int step = 0; step <= steps; ++step) {
    auto job = pool.pmap(cl::bind(batch_gradient, data, pool.broadcast(w)), batches);
    const auto sum = [](gradient a, const gradient& b) { return add(std::move(a), b); };
    const gradient g = job.reduce(gradient{.slope = weights(parameters)}, sum, {.remote = true});
    const double samples = static_cast<double>(g.samples);
    if (step % 40 == 0)
      std::printf("step %3d: loss %.3f, accuracy %.1f %%\n", step, g.loss / samples,
                  100.0 * static_cast<double>(g.right) / samples);
    for (std::size_t i = 0; i < parameters; ++i) {
      velocity[i] = 0.9 * velocity[i] - g.slope[i] / samples;
      w[i] += velocity[i];
    }
  }
}
