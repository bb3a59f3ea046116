// SPDX-License-Identifier: MIT
// What can be sent and returned: numbers, strings, containers, structs of many fields, move-only
// structs, arrays, files and types with a codec of their own.
#include <clusterless/clusterless.hpp>
#include <clusterless/codec_std.hpp>

namespace cl = clusterless;

namespace {

enum class phase : unsigned char { p, s };
struct pick {
  phase kind = phase::p;
  double time = 0;
  std::optional<float> weight = {};
};
struct event {
  std::uint64_t id = 0;
  std::string name = {};
  std::array<double, 3> where = {};
  std::vector<pick> picks = {};
  std::map<std::string, std::vector<pick>> by_station = {};
  std::pair<int, std::string> region = {};
  std::tuple<bool, char, std::string> more = {};
  std::vector<std::vector<std::string>> words = {};
  cl::array<float> trace = {};
  cl::file log = {};
  std::variant<int, std::string> tag = {};
  std::chrono::milliseconds delay = {};
  std::complex<float> response = {};
  std::unique_ptr<std::string> note = {};
};
struct wide {
  int a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12;
  double b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12;
};

class version {
 public:
  explicit version(int number) : number_(number) {}
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

template <>
struct clusterless::codec<version> {
  static constexpr bool known = true;
  static constexpr bool raw = false;
  static void put(writer& out, const version& value) { codec<int>::put(out, value.number()); }
  static version get(reader& in) { return version(codec<int>::get(in)); }
  static void schema(std::string& out) { codec<int>::schema(out); }
};

void values(cl::pool& pool) {
  auto events = pool.pmap([](int n) { return event{.id = static_cast<unsigned>(n)}; }, 10);
  std::vector<event> made = events.fetch();
  const event one = events.fetch(3);
  pool.pmap([](event e) { return std::move(e.picks); }, std::move(made)).wait();
  pool.pmap([](const event& e) { return e.by_station; }, std::vector<event>(3)).wait();
  pool.pmap([](int n) { return std::make_unique<pick>(pick{.time = 1.0 * n}); }, 10).wait();
  pool.pmap([](const wide& w) { return w; }, std::vector<wide>(3)).wait();
  pool.pmap([](const version& v) { return v; }, {version(1), version(2)}).wait();
  pool.pmap([](const std::optional<cl::file>& f) { return f; }, std::vector<cl::file>(2)).wait();
}

void reductions(cl::pool& pool) {
  auto job = pool.pmap([](int n) { return 1.0 * n; }, 10);
  const double scale = 3;
  const double a = job.reduce(0.0, [&](double t, double x) { return t + scale * x; });
  const double b = job.reduce(a, std::plus<>{}, {.remote = true});
  double (*bigger)(double, double) = [](double x, double y) { return x > y ? x : y; };
  job.reduce(b, bigger, {.remote = true, .group = 4});
}
