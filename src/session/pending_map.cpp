// SPDX-License-Identifier: MIT
#include "session/pending_map.hpp"

#include <cstring>
#include <utility>

#include <clusterless/codec.hpp>
#include <clusterless/detail/function.hpp>

#include "core/defaults.hpp"
#include "session/context.hpp"
#include "session/function_table.hpp"
#include "session/run_item.hpp"
#include "session/worker.hpp"

namespace clusterless::session {

namespace {

[[noreturn]] void not_nested(const char* what) {
  throw error(error_kind::unsupported, std::string("a nested map has no ") + what);
}

std::string environment_block(const map_options& options) {
  std::string block;
  for (const auto& [name, value] : options.env) {
    block += name + '=' + value;
    block += '\0';
  }
  return block;
}

}  // namespace

bool nested_job::wait_for(std::chrono::nanoseconds) {
  return true;
}
std::string nested_job::output(std::size_t) {
  not_nested("output of its own");
}
void nested_job::cancel() {
  not_nested("cancel");
}
detail::job_ptr nested_job::regroup(detail::call, std::size_t, const map_options&) {
  not_nested("remote reduction");
}
void nested_job::retry_failed() {
  not_nested("retry");
}
detail::outcome_run nested_job::finished(std::size_t&) {
  not_nested("order of finishing");
}

// --- with workers ------------------------------------------------------------------------------

pending_map::pending_map(worker& in, std::uint64_t number, detail::item_source& items)
    : worker_(in), number_(number), items_(items) {}

pending_map::~pending_map() {
  worker_.maps_.erase(number_);
  worker_.link_.send(wire::type::nested_end, wire::nested_end{number_});
}

void pending_map::begin(const detail::call& what, int pinned, const map_options& options) {
  const function_place place = place_of(what.function, what.target);
  const std::string env = worker_.current_environment() + environment_block(options);
  wire::nested_begin head{};
  head.map = number_;
  head.run = worker_.link_.area().run_key.load(std::memory_order_relaxed);
  head.item = worker_.link_.area().running.load(std::memory_order_relaxed) - 1;
  head.entry_offset = place.entry_offset;
  head.target_offset = place.target_offset;
  head.items_per_task = options.items_per_task;
  head.timeout_ns = options.timeout.count();
  head.retries_user = options.retries.user.value_or(0);
  head.retries_lost = options.retries.lost.value_or(defaults::lost_retries);
  head.pinned = pinned;
  head.stop_on_error = options.on_error == on_error::stop;
  head.max_item_bytes =
      options.max_item_bytes != 0 ? options.max_item_bytes : defaults::max_item_bytes;
  head.env_bytes = static_cast<std::uint32_t>(env.size());
  std::vector<std::byte> body(env.size() + what.bound.size());
  if (!env.empty()) std::memcpy(body.data(), env.data(), env.size());
  if (!what.bound.empty())
    std::memcpy(body.data() + env.size(), what.bound.data(), what.bound.size());
  worker_.link_.send(wire::type::nested_begin, head, {body.data(), body.size(), {}});
}

void pending_map::feed() {
  constexpr std::uint64_t most_ahead = 16384;
  constexpr std::size_t pack_bytes = std::size_t{32} << 10;
  while (!end_ && sent_ - received_ < most_ahead) {
    detail::buffer bytes;
    detail::segment_list beside;
    writer pack(bytes, &beside);
    const std::size_t n = items_.fill(pack, 1024, pack_bytes, end_);
    worker_.link_.send(wire::type::nested_items,
                       wire::nested_items{number_, sent_, n, end_ ? 1u : 0u, 0},
                       {bytes.data(), bytes.size(), bytes.shared()}, beside);
    sent_ += n;
  }
}

void pending_map::arrived(std::uint64_t first, std::uint64_t count, os::message& what) {
  arrival got;
  got.count = count;
  got.size = what.size;
  got.beside = std::move(what.beside);
  if (what.shared) {
    got.data = what.data;
    got.keep = std::move(what.shared);
  } else {
    auto copy = std::make_shared<std::vector<std::byte>>(what.data, what.data + what.size);
    got.data = copy->data();
    got.keep = std::move(copy);
  }
  received_ += count;
  arrivals_[first] = std::move(got);
}

detail::outcome_run pending_map::ordered(std::size_t item) {
  for (;;) {
    feed();
    const auto found = arrivals_.find(item);
    if (found != arrivals_.end()) {
      const auto& got = found->second;
      return {item, static_cast<std::size_t>(got.count), got.data, got.size, &got.beside, got.keep};
    }
    if (end_ && item >= sent_) return {};
    worker_.take_one();
  }
}

void pending_map::release_before(std::size_t item) {
  while (!arrivals_.empty() && arrivals_.begin()->first < item)
    arrivals_.erase(arrivals_.begin());
}

job_status pending_map::status() {
  job_status now;
  now.total = items_.size();
  return now;
}

// --- alone -------------------------------------------------------------------------------------

inline_map::inline_map(detail::call what, detail::item_source& items, const map_options& options)
    : call_(std::move(what)),
      items_(items),
      max_bytes_(options.max_item_bytes != 0 ? options.max_item_bytes : defaults::max_item_bytes),
      retries_(options.retries.user.value_or(0)) {
  reader bound(call_.bound.data(), call_.bound.size());
  bound_ = call_.function->decode_bound(bound);
}

inline_map::~inline_map() {
  call_.function->drop_bound(bound_);
}

detail::outcome_run inline_map::ordered(std::size_t item) {
  if (item != next_) throw error(error_kind::misuse, "outcomes of a map in place come in order");
  if (end_) return {};
  detail::buffer bytes;
  detail::segment_list beside;
  writer pack(bytes, &beside);
  const std::size_t n = items_.fill(pack, 1, 1, end_);
  if (n == 0) return {};
  detail::pack_cursor cursor(bytes.data(), bytes.size());
  detail::entry_view entry;
  cursor.next(entry);

  struct outcome {
    detail::buffer bytes;
    detail::segment_list beside;
  };
  auto kept = std::make_shared<outcome>();
  auto& here = this_context();
  const auto outer = here;
  for (int tried = 0; tried <= retries_; ++tried) {
    here.item = item;
    here.attempt = 1 + tried;
    here.scratch.clear();
    kept->bytes.clear();
    const bool good = run_item({{call_.function, call_.target}, bound_, max_bytes_, true}, item,
                               entry, beside, kept->bytes, kept->beside);
    drop_scratch();
    if (good) break;
  }
  here = outer;
  ++next_;
  return {item, 1, kept->bytes.data(), kept->bytes.size(), &kept->beside, kept};
}

job_status inline_map::status() {
  job_status now;
  now.total = items_.size();
  return now;
}

}  // namespace clusterless::session
