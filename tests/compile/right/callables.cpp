// SPDX-License-Identifier: MIT
// What can be mapped: functions, captureless lambdas and stateless function objects, however they
// take their arguments.
#include <clusterless/clusterless.hpp>
#include <functional>

namespace cl = clusterless;

namespace {

double by_value(double x) {
  return x;
}
double by_const_reference(const double& x) noexcept {
  return x;
}
std::string by_rvalue(std::string&& text) {
  return std::move(text);
}
void returns_nothing(const std::string&) {}
struct twice {
  double operator()(double x) { return 2 * x; }
};
struct thrice {
  double operator()(double x) const noexcept { return 3 * x; }
};
double line(double x, double slope, const std::vector<double>& offsets) {
  return slope * x + offsets[0];
}
std::string greeting() {
  return "hello";
}

}  // namespace

void callables(cl::pool& pool, const std::vector<double>& xs, const std::vector<std::string>& ts) {
  const std::vector<double> a = pool.pmap(by_value, xs).fetch();
  const std::vector<double> b = pool.pmap(&by_const_reference, xs).fetch();
  const std::vector<std::string> c = pool.pmap(by_rvalue, ts).fetch();
  const std::vector<cl::none> d = pool.pmap(returns_nothing, ts).fetch();
  pool.pmap(twice{}, xs).wait();
  pool.pmap(thrice{}, xs).wait();
  pool.pmap([](double x) noexcept { return x; }, xs).wait();
  pool.pmap([](double x) mutable { return x; }, xs).wait();
  pool.pmap(std::negate<double>{}, xs).wait();
}

void bound(cl::pool& pool, const std::vector<double>& xs) {
  const std::vector<double> offsets = {1, 2};
  pool.pmap(cl::bind(line, 2.0, offsets), xs).wait();
  pool.pmap(cl::bind(line, 2, std::vector<double>{1}), xs).wait();  // an int that is a double too
  pool.pmap(cl::bind([](double x, const std::string& unit) { return std::to_string(x) + unit; },
                     "km"),
            xs)
      .wait();
  const auto model = pool.broadcast(std::vector<float>(1000));
  pool.pmap(
          cl::bind([](double x, const cl::broadcast<std::vector<float>>& m) { return x + (*m)[0]; },
                   model),
          xs)
      .wait();
}

void single_calls(cl::pool& pool) {
  const std::string a = pool.run(greeting).fetch(0);
  const double b = pool.run(line, 1.0, 2.0, std::vector<double>{3}).fetch(0);
  const std::size_t c = pool.run([](const std::string& t) { return t.size(); }, "literal").fetch(0);
  const std::string d = cl::remote_call(2, greeting);
  const double e = cl::remote_call(2, line, b, static_cast<double>(c), std::vector<double>{3});
  const bool f = cl::remote_call(
      2, [](double x) { return x > 0; }, e);
  pool.run(returns_nothing, a + d + (f ? "!" : "?"));
}
