// SPDX-License-Identifier: MIT
// Any bytes read as a plan, a broadcast value or a log end in an `error` or in something that can
// be used. The first byte chooses: 'p', 'b' or 'l' take the rest as it is; 'P', 'B' and 'L' make
// its checksums right first.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <clusterless/detail/pack.hpp>
#include <clusterless/error.hpp>

#include "core/checksum.hpp"
#include "task/flat.hpp"
#include "task/item_steps.hpp"
#include "task/task_log.hpp"
#include "task/task_plan.hpp"

namespace {

using namespace clusterless;
using namespace clusterless::task;

constexpr std::uint64_t no_key[2] = {0, 0};

/// Every item can be taken, and the plan is the same when it is written again.
void use(const task_plan& plan) {
  const auto again = encode_plan(plan);
  const auto back = decode_plan(again.data(), again.size());
  if (back.order.items.count != plan.order.items.count ||
      back.order.call->bound != plan.order.call->bound)
    std::abort();
  item_steps steps(plan.order.items, true);
  std::uint64_t items = 0;
  while (const auto rest = steps.items()) {
    ++items;
    if (items % 3 == 0)
      steps.failed(0, {});
    else
      steps.succeeded(1);
    while (steps.take_failure())
      continue;
  }
  if (items != plan.order.items.count) std::abort();
}

void read_plan(const std::vector<std::byte>& file) {
  try {
    use(decode_plan(file.data(), file.size()));
  } catch (const error&) {
  }
}

void read_broadcast(const std::vector<std::byte>& file) {
  try {
    const auto value = decode_broadcast(no_key, file.data(), file.size());
    const auto again = encode_broadcast(value);
    if (decode_broadcast(no_key, again.data(), again.size()).bytes.size() != value.bytes.size())
      std::abort();
  } catch (const error&) {
  }
}

void read_log(const std::vector<std::byte>& file) {
  log_reader log(file.data(), file.size());
  for (log_entry entry; log.next(entry);) {
    if (!log.trouble().empty() || log.position() > file.size()) std::abort();
    if (entry.kind == entry_kind::outcomes) {
      const auto outcome = to_outcome(entry);
      if (!detail::is_pack(outcome.data, outcome.size, entry.count)) std::abort();
      if (outcome.beside.size() != entry.beside.size()) std::abort();
    }
    const double fraction = to_fraction(entry);
    if (!(fraction >= 0 && fraction <= 1)) std::abort();
    try {
      if (entry.kind == entry_kind::failed) to_error(entry);
    } catch (const error&) {
    }
  }
}

std::vector<std::byte> sealed(const std::vector<std::byte>& from) {
  std::uint64_t kind = 0;
  if (from.size() < sizeof kind) return from;
  std::memcpy(&kind, from.data(), sizeof kind);
  return seal(kind, {byte_view(from).subspan(sizeof kind)});
}

// A head: magic and kind, count, number, size, sum of the body, sum of the 40 bytes before it.
std::vector<std::byte> summed(std::vector<std::byte> log) {
  constexpr std::size_t head_bytes = 48;
  for (std::size_t at = 0; log.size() - at >= head_bytes;) {
    std::uint64_t words[6];
    std::memcpy(words, log.data() + at, sizeof words);
    words[3] = std::min<std::uint64_t>(words[3], log.size() - at - head_bytes);
    words[4] = core::checksum64(log.data() + at + head_bytes, static_cast<std::size_t>(words[3]));
    words[5] = core::checksum64(words, head_bytes - sizeof words[5]);
    std::memcpy(log.data() + at, words, sizeof words);
    at += head_bytes + static_cast<std::size_t>(words[3]);
  }
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto* from = reinterpret_cast<const std::byte*>(data);
  const std::vector<std::byte> rest(from + 1, from + size);
  switch (data[0]) {
    case 'p':
      read_plan(rest);
      break;
    case 'P':
      read_plan(sealed(rest));
      break;
    case 'b':
      read_broadcast(rest);
      break;
    case 'B':
      read_broadcast(sealed(rest));
      break;
    case 'l':
      read_log(rest);
      break;
    case 'L':
      read_log(summed(rest));
      break;
    default:
      break;
  }
  return 0;
}
