// SPDX-License-Identifier: MIT
// Modelling and full-waveform inversion of a line of shots. The outer map runs over groups of shots
// on the nodes of a pool, the inner one over the shots of a group on the workers of its task; the
// gradient is summed over the shots on the node, over the groups here.
#include <chrono>
#include <clusterless/clusterless.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "inversion.hpp"
#include "options.hpp"
#include "report.hpp"
#include "survey.hpp"

namespace cl = clusterless;
using namespace seismic;

namespace {

using shared_model = cl::broadcast<velocity_model>;
using pressures = cl::array<float>;  // samples x receivers, the receiver index fast

struct observed_shot {
  shot where;
  cl::broadcast<pressures> record;
};

// --- what runs on the nodes -------------------------------------------------------------------

pressures simulate_shot(const shot& item, const survey& s, const shared_model& model) {
  const std::vector<float> record = model_shot(item, s, *model);
  return pressures(record.data(), record.size());
}

std::vector<pressures> simulate_group(const std::vector<shot>& group, const survey& s,
                                      const shared_model& model) {
  return cl::pmap(cl::bind(simulate_shot, s, model), group);
}

gradient_result gradient_of_shot(const observed_shot& item, const survey& s,
                                 const shared_model& model) {
  return shot_gradient(item.where, s, *model, {item.record->data(), item.record->size()});
}

gradient_result gradient_of_group(const std::vector<observed_shot>& group, const survey& s,
                                  const shared_model& model) {
  return cl::map_reduce(cl::bind(gradient_of_shot, s, model), group, gradient_result{}, add);
}

// --- what runs here ---------------------------------------------------------------------------

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double relative_error(const velocity_model& model, const velocity_model& truth) {
  double wrong = 0, all = 0;
  for (std::size_t i = 0; i < model.velocity.size(); ++i) {
    const double v = static_cast<double>(truth.velocity[i]);
    wrong += std::pow(static_cast<double>(model.velocity[i]) - v, 2);
    all += v * v;
  }
  return std::sqrt(wrong / all);
}

// Deals items to `groups` groups of nearly the same size, neighbours together.
template <class T>
std::vector<std::vector<T>> in_groups(const std::vector<T>& items, int groups) {
  std::vector<std::vector<T>> dealt(static_cast<std::size_t>(groups));
  for (std::size_t i = 0; i < items.size(); ++i) {
    dealt[i * dealt.size() / items.size()].push_back(items[i]);
  }
  return dealt;
}

std::vector<observed_shot> observe(cl::pool& pool, const inversion_case& c, report& out) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<shot> shots = spread_shots(c.shots, c.truth);
  auto job = pool.pmap(cl::bind(simulate_group, c.acquisition, pool.broadcast(c.truth)),
                       in_groups(shots, c.groups));
  std::vector<observed_shot> observed;
  for (const std::vector<pressures>& group : job.fetch()) {
    for (const pressures& record : group) {
      const shot& where = shots[observed.size()];
      if (where.id == c.shots / 2) {
        out.record("record", "record of shot " + std::to_string(where.id), c.acquisition, c.truth,
                   record.data());
      }
      observed.push_back({where, pool.broadcast(record)});
    }
  }
  job.destroy();
  std::printf("modelled %d shots in %.2f s\n", c.shots, seconds_since(start));
  return observed;
}

inversion_result run_inversion(cl::pool& pool, const inversion_case& c,
                               const std::vector<observed_shot>& observed, int fixed_rows) {
  const auto start = std::chrono::steady_clock::now();
  const auto groups = in_groups(observed, c.groups);
  const auto evaluate = [&](const velocity_model& model) {
    auto job = pool.pmap(cl::bind(gradient_of_group, c.acquisition, pool.broadcast(model)), groups);
    gradient_result total = job.reduce(gradient_result{}, add);
    job.destroy();
    return total;
  };
  return invert(c.start, evaluate,
                {.iterations = c.iterations,
                 .fixed_rows = fixed_rows,
                 .min_velocity = c.min_velocity,
                 .max_velocity = c.max_velocity},
                [&](int iteration, double misfit) {
                  std::printf("iteration %d: misfit %.4e after %.2f s\n", iteration, misfit,
                              seconds_since(start));
                  std::fflush(stdout);
                });
}

void run(const options& chosen) {
  const inversion_case c = make_case(chosen);
  const survey& s = c.acquisition;
  report out(c.out);
  std::printf(
      "%d x %d nodes of %g m, %d shots in %d groups, %d steps of %.3f ms, %g Hz; "
      "a worker needs %.0f MB\n",
      c.truth.nx, c.truth.nz, c.truth.dx, c.shots, c.groups, s.samples, s.dt * 1e3, s.frequency,
      gradient_memory_bytes(s, c.truth) / 1e6);
  out.model("model_true", "true model", c.truth);
  out.model("model_start", "starting model", c.start);

  cl::pool_options wanted;
  if (chosen.pools > 0) wanted.pools = chosen.pools;
  if (chosen.nodes > 0) wanted.nodes = chosen.nodes;
  if (chosen.workers > 0) wanted.procs_per_node = chosen.workers;
  cl::pool pool = cl::create_pool(wanted);
  const int fixed_rows = water_rows(c.start);
  const std::vector<observed_shot> observed = observe(pool, c, out);
  const inversion_result result = run_inversion(pool, c, observed, fixed_rows);

  out.gradient("gradient", result.first, c.start, fixed_rows);
  out.model("model_inverted",
            "model after " + std::to_string(result.misfits.size() - 1) + " iterations",
            result.model);
  out.misfit("misfit", result.misfits);
  std::printf("misfit %.4e -> %.4e, relative model error %.4f -> %.4f, %d gradients; see %s\n",
              result.misfits.front(), result.misfits.back(), relative_error(c.start, c.truth),
              relative_error(result.model, c.truth), result.evaluations, out.folder().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  cl::init(argc, argv);
  options chosen;
  int exit_code = 0;
  if (!parse_options(argc, argv, chosen, exit_code)) return exit_code;
  try {
    run(chosen);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "seismic: %s\n", problem.what());
    return 1;
  }
  return 0;
}
