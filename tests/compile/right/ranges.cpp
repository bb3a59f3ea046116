// SPDX-License-Identifier: MIT
// What can be mapped over: containers, C arrays, lists in braces, counts, views, generators,
// temporaries, and results of other jobs.
#include <array>
#include <clusterless/clusterless.hpp>
#include <list>
#include <ranges>
#include <set>
#include <span>

namespace cl = clusterless;

namespace {

double half(double x) {
  return x / 2;
}
long long twice(long long x) {
  return 2 * x;
}
std::size_t length(const std::string& text) {
  return text.size();
}
bool negate(bool b) {
  return !b;
}

/// Makes its elements when asked for them.
class squares {
 public:
  explicit squares(int n) : n_(n) {}
  squares(squares&&) = default;
  class iterator {
   public:
    explicit iterator(int i) : i_(i) {}
    iterator(iterator&&) = default;
    double operator*() const { return static_cast<double>(i_) * i_; }
    iterator& operator++() {
      ++i_;
      return *this;
    }
    bool operator==(int end) const { return i_ == end; }

   private:
    int i_;
  };
  iterator begin() const { return iterator(0); }
  int end() const { return n_; }

 private:
  int n_;
};

}  // namespace

void containers(cl::pool& pool) {
  const std::vector<double> xs = {1, 2, 3};
  double c_array[] = {1, 2, 3};
  const std::list<int> ints = {1, 2, 3};
  std::vector<bool> bits = {true, false};
  const std::set<std::string> words = {"a", "b"};
  pool.pmap(half, xs).wait();
  pool.pmap(half, c_array).wait();
  pool.pmap(half, ints).wait();  // every int is a double
  pool.pmap(twice, ints).wait();
  pool.pmap(negate, bits).wait();
  pool.pmap(length, words).wait();
  pool.pmap(half, std::array<float, 3>{1, 2, 3}).wait();
  pool.pmap(half, std::vector<double>(1000)).wait();
  pool.pmap(half, std::span<const double>(xs)).wait();
  pool.pmap(half, {1.0, 2.0, 3.0}).wait();
  pool.pmap(half, {1, 2, 3}, {.name = "halves"}).wait();
  pool.pmap(length, {"one", "two"}).wait();
  pool.pmap(length, std::vector<const char*>{"one", "two"}).wait();
}

void lazy(cl::pool& pool) {
  std::vector<double> xs(1000);
  pool.pmap(half, 1'000'000).wait();
  pool.pmap(twice, std::size_t{1000}).wait();
  pool.pmap(half, squares(1'000'000)).wait();
  squares some(10);
  pool.pmap(half, std::move(some)).wait();
  pool.pmap(half, std::views::iota(0, 1000)).wait();
  pool.pmap(half, xs | std::views::transform([](double x) { return x + 1; })).wait();
  const auto positive = xs | std::views::filter([](double x) { return x > 0; });
  pool.pmap(half, positive).wait();
}

void results(cl::pool& pool) {
  auto first = pool.pmap(half, 10);
  const std::vector<cl::result<double>> inputs = {first.result(3), first.result(1)};
  pool.pmap(half, inputs).wait();
  pool.run(half, first.result(0)).wait();
}

std::vector<double> nested(const std::vector<double>& xs) {
  const std::vector<double> a = cl::pmap(half, xs);
  const std::vector<double> b = cl::pmap(half, squares(5));
  const std::vector<double> c = cl::pmap(half, {1, 2, 3}, {.timeout = std::chrono::seconds(5)});
  const double total =
      cl::map_reduce(half, 10, 0.0, [&](double sum, double x) { return sum + x + a[0]; });
  return {a[0], b[0], c[0], total};
}
