// SPDX-License-Identifier: MIT
// A plain MPI farm in C++: rank 0 hands out items, the other ranks work on them. It is what people
// write by hand, and so the strongest peer.  mpirun -n 3 mpi_farm WORK n=… depth=… mib=…
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "measure.hpp"

namespace {

enum tag { same, copy, echo, receive_shared, touch_shared, rest, stop };
constexpr std::size_t page_doubles = 512;

struct small_item {
  long index, value;
};

using block = std::unique_ptr<double[]>;

block new_block(std::size_t doubles) {
  return block(new double[doubles]);
}

double touch(const double* at, std::size_t doubles) {
  double sum = 0;
  for (std::size_t k = 0; k < doubles; k += page_doubles)
    sum += at[k];
  return sum;
}

void send(const void* from, std::size_t bytes, int to, tag what) {
  MPI_Send(from, static_cast<int>(bytes), MPI_BYTE, to, what, MPI_COMM_WORLD);
}

MPI_Status receive(void* to, std::size_t bytes, int from) {
  MPI_Status status;
  MPI_Recv(to, static_cast<int>(bytes), MPI_BYTE, from, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
  return status;
}

/// One result as a new block, the argument with its first number raised: what every peer returns.
void answer_copy(const double* argument, std::size_t doubles) {
  const block result = new_block(doubles);
  std::memcpy(result.get(), argument, doubles * sizeof(double));
  result[0] += 1;
  send(result.get(), doubles * sizeof(double), 0, copy);
}

void answer_touch(small_item item, const double* shared, std::size_t doubles) {
  item.value = static_cast<long>(touch(shared, doubles));
  send(&item, sizeof item, 0, touch_shared);
}

void work(std::size_t doubles) {
  const std::size_t room = std::max(doubles * sizeof(double), sizeof(small_item));
  const block buffer = new_block(room / sizeof(double));
  std::vector<double> shared(doubles);  // its pages are there before the broadcast
  for (;;) {
    const MPI_Status status = receive(buffer.get(), room, 0);
    int bytes = 0;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    small_item item;
    std::memcpy(&item, buffer.get(), sizeof item);
    switch (status.MPI_TAG) {
      case copy:
        answer_copy(buffer.get(), doubles);
        break;
      case receive_shared:
        MPI_Bcast(shared.data(), static_cast<int>(doubles), MPI_DOUBLE, 0, MPI_COMM_WORLD);
        break;
      case touch_shared:
        answer_touch(item, shared.data(), doubles);
        break;
      case stop:
        return;
      default:
        if (status.MPI_TAG == rest) sleep(3);
        send(buffer.get(), static_cast<std::size_t>(bytes), 0, tag(status.MPI_TAG));
    }
  }
}

int workers() {
  int ranks = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  return ranks - 1;
}

/// n small items, `depth` in flight for each worker; their values in order.
std::vector<long> map_small(long n, long depth, tag what) {
  std::vector<long> values(static_cast<std::size_t>(n));
  long sent = 0;
  const auto give = [&](int to) {
    const small_item item{sent, sent};
    send(&item, sizeof item, to, what);
    ++sent;
  };
  for (long k = 0; k < depth; ++k) {
    for (int to = 1; to <= workers() && sent < n; ++to)
      give(to);
  }
  for (long got = 0; got < n; ++got) {
    small_item answer;
    const MPI_Status status = receive(&answer, sizeof answer, MPI_ANY_SOURCE);
    values[static_cast<std::size_t>(answer.index)] = answer.value;
    if (sent < n) give(status.MPI_SOURCE);
  }
  return values;
}

void measure_same(const bench::arguments& given) {
  const long n = given.get("n", 100'000);
  const double start = bench::now();
  const std::vector<long> values = map_small(n, given.get("depth", 1), same);
  const double seconds = bench::now() - start;
  for (long k = 0; k < n; ++k)
    bench::check(values[static_cast<std::size_t>(k)] == k, "noop");
  bench::print_per_item(seconds, n);
}

void measure_latency(const bench::arguments& given) {
  std::vector<double> seconds(static_cast<std::size_t>(given.get("n", 10'000)));
  for (double& trip : seconds) {
    const double start = bench::now();
    map_small(1, 1, same);
    trip = bench::now() - start;
  }
  bench::print_latency(seconds);
}

/// Hands the arguments out in turn; `receive_into(k)` receives the k-th answer and tells from whom.
template <class Receive>
void map_blocks(const std::vector<block>& in, std::size_t n, std::size_t bytes, tag what,
                Receive receive_into) {
  std::size_t sent = 0;
  const auto give = [&](int to) { send(in[sent++ % in.size()].get(), bytes, to, what); };
  for (int to = 1; to <= workers() && sent < n; ++to)
    give(to);
  for (std::size_t got = 0; got < n; ++got) {
    const int from = receive_into(got);
    if (sent < n) give(from);
  }
}

/// Distinct arguments, every result a new block that is kept and read.
void measure_payload(const bench::arguments& given, std::size_t doubles) {
  const auto n = static_cast<std::size_t>(given.get("n", 64));
  const std::size_t bytes = doubles * sizeof(double);
  std::vector<block> in(n);
  for (block& argument : in) {
    argument = new_block(doubles);
    std::fill_n(argument.get(), doubles, 1.0);
  }
  std::vector<double> rates;
  for (long round = 0; round < given.get("rounds", 3); ++round) {
    std::vector<block> out(n);
    double sum = 0;
    const double start = bench::now();
    map_blocks(in, n, bytes, copy, [&](std::size_t k) {
      out[k] = new_block(doubles);
      const int from = receive(out[k].get(), bytes, MPI_ANY_SOURCE).MPI_SOURCE;
      sum += touch(out[k].get(), doubles);
      return from;
    });
    rates.push_back(2 * static_cast<double>(n * bytes) / (bench::now() - start) / 1e9);
    bench::check(sum == static_cast<double>(n * (doubles / page_doubles + 1)), "payload");
  }
  bench::print_rounds(rates, "GB/s");
}

/// One buffer goes back and forth: no new result, nothing kept or read.
void measure_echo(const bench::arguments& given, std::size_t doubles) {
  const auto n = static_cast<std::size_t>(given.get("n", 64));
  const std::size_t bytes = doubles * sizeof(double);
  std::vector<block> in(1);
  in[0] = new_block(doubles);
  std::fill_n(in[0].get(), doubles, 1.0);
  const block out = new_block(doubles);
  std::vector<double> rates;
  for (long round = 0; round < given.get("rounds", 3); ++round) {
    const double start = bench::now();
    map_blocks(in, n, bytes, echo,
               [&](std::size_t) { return receive(out.get(), bytes, MPI_ANY_SOURCE).MPI_SOURCE; });
    rates.push_back(2 * static_cast<double>(n * bytes) / (bench::now() - start) / 1e9);
  }
  bench::print_rounds(rates, "GB/s");
}

void measure_broadcast(const bench::arguments& given, std::size_t doubles) {
  std::vector<double> milliseconds;
  for (long round = 0; round < given.get("rounds", 3); ++round) {
    std::vector<double> shared(doubles, static_cast<double>(round));
    const double start = bench::now();
    for (int to = 1; to <= workers(); ++to)
      send(nullptr, 0, to, receive_shared);
    MPI_Bcast(shared.data(), static_cast<int>(doubles), MPI_DOUBLE, 0, MPI_COMM_WORLD);
    const std::vector<long> sums = map_small(given.get("n", 16), 1, touch_shared);
    milliseconds.push_back((bench::now() - start) * 1e3);
    const long expected = round * static_cast<long>(doubles / page_doubles);
    for (const long sum : sums)
      bench::check(sum == expected, "broadcast");
  }
  bench::print_rounds(milliseconds, "ms");
}

void measure_idle() {
  std::printf("{\"ready\": true}\n");
  std::fflush(stdout);
  map_small(1, 1, rest);
}

void lead(const bench::arguments& given, std::size_t doubles) {
  map_small(2L * workers(), 1, same);
  if (given.work == "noop") measure_same(given);
  if (given.work == "latency") measure_latency(given);
  if (given.work == "payload") measure_payload(given, doubles);
  if (given.work == "payload_echo") measure_echo(given, doubles);
  if (given.work == "broadcast") measure_broadcast(given, doubles);
  if (given.work == "idle") measure_idle();
  if (given.work == "cold") std::printf("1\n");
  for (int to = 1; to <= workers(); ++to)
    send(nullptr, 0, to, stop);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const bench::arguments given(argc, argv);
  const auto doubles = static_cast<std::size_t>(given.get("mib", 0)) * (1 << 20) / sizeof(double);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) {
    lead(given, doubles);
  } else {
    work(doubles);
  }
  MPI_Finalize();
}
