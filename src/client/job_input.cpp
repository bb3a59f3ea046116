// SPDX-License-Identifier: MIT
// How items come into a job: from a range, from results of other jobs, or from its own record.
#include <algorithm>
#include <utility>

#include <clusterless/broadcast.hpp>
#include <clusterless/codec.hpp>
#include <clusterless/detail/function.hpp>

#include "client/group_source.hpp"
#include "client/job.hpp"
#include "client/pool.hpp"
#include "client/waiting.hpp"
#include "core/defaults.hpp"

namespace clusterless::client {

namespace {
constexpr std::size_t pull_bytes = defaults::inline_bytes;
constexpr std::size_t pull_items = 4096;
}  // namespace

void job::drain(detail::item_source& now, const std::function<void()>& between,
                const std::function<void()>& wait) {
  total_ = now.size();
  draining_ = true;
  for (bool end = false; !end;) {
    unresolved pack;
    {
      const detail::broadcast_collector collector(facts_.keep);
      const reading_range reading;
      writer to(pack.bytes, record_ ? nullptr : &pack.beside);
      pack.count = now.fill(to, pull_items, pull_bytes, end);
    }
    // Results that are inputs are waited for here: the container is gone when the call returns.
    while (!resolve(pack, now.inputs()))
      wait();
    take_pack(std::move(pack.bytes), std::move(pack.beside), pack.count);
    between();
  }
  draining_ = false;
  input_ended();
}

void job::keep_source(std::unique_ptr<detail::item_source> later) {
  total_ = later->size();
  source_ = std::move(later);
}

void job::record_broadcasts() {
  for (; kept_in_record_ < facts_.keep.size(); ++kept_in_record_)
    record_->keep_broadcast(
        *static_cast<const core::broadcast_bytes*>(facts_.keep[kept_in_record_].get()));
}

void job::take_pack(detail::buffer bytes, detail::segment_list beside, std::uint64_t count) {
  if (count == 0) return;
  if (record_) {
    record_broadcasts();
    record_->inputs(pulled_, count, bytes.data(), bytes.size());
  }
  book_.offer(
      std::make_shared<core::item_pack>(pulled_, count, std::move(bytes), std::move(beside)));
  pulled_ += count;
}

void job::input_ended() {
  source_.reset();
  source_waits_ = false;
  book_.input_ended();
  total_ = pulled_;
  if (book_.stopped()) close_input(stopped_by_);
  if (record_ && !record_error_) record_->seal(pulled_);
}

void job::range_threw(const std::string& what) {
  error_info why;
  why.cause = cause::input_failed;
  why.message = "the input range threw: " + what;
  close_input(why);
}

// True when items were added or the source has ended.
bool job::pull(std::size_t wanted) {
  if (!source_ || cancelled_ || book_.stopped()) return false;
  if (!unresolved_) {
    if (!has_room()) return false;
    unresolved pack;
    try {
      const detail::broadcast_collector collector(facts_.keep);
      const reading_range reading;
      writer to(pack.bytes, record_ ? nullptr : &pack.beside);
      pack.count =
          source_->fill(to, std::clamp<std::size_t>(wanted, 1, pull_items), pull_bytes, pack.end);
    } catch (const failed_result& caught) {
      close_input(caught.why, true);
      return true;
    } catch (const std::exception& caught) {
      range_threw(caught.what());
      return true;
    } catch (...) {
      range_threw("something that is no std::exception");
      return true;
    }
    source_waits_ = pack.count == 0 && !pack.end;
    if (source_waits_) return false;
    unresolved_ = std::move(pack);
  }
  if (!resolve(*unresolved_, source_->inputs())) return false;
  unresolved pack = std::move(*unresolved_);
  unresolved_.reset();
  take_pack(std::move(pack.bytes), std::move(pack.beside), pack.count);
  if (pack.end) input_ended();
  return true;
}

// The next item has no input and never will: it is settled with an error.
void job::fail_input(std::string message) {
  error_info why;
  why.cause = cause::input_failed;
  why.message = std::move(message);
  why.item = pulled_;
  detail::buffer empty;
  detail::close_entry(empty, detail::open_entry(empty));
  if (record_) record_->inputs(pulled_, 1, empty.data(), empty.size());
  book_.skip(1, 1);
  ++pulled_;
  put_error(why, 0, 1);
}

// Puts the values of results in the place of references to them; false while one is not there. An
// input that failed becomes an error outcome of the item that needed it.
bool job::resolve(unresolved& pack, const std::vector<detail::job_ptr>& inputs) {
  if (inputs.empty()) return true;
  detail::pack_cursor look(pack.bytes.data(), pack.bytes.size());
  detail::entry_view entry;
  std::vector<detail::outcome_run> found;
  while (look.next(entry)) {
    if (entry.kind != detail::entry_kind::reference) continue;
    reader in(entry.body, entry.size);
    const auto& from = inputs.at(static_cast<std::size_t>(in.get_raw<std::uint64_t>()));
    auto* other = dynamic_cast<job*>(from.get());
    const auto item = in.get_raw<std::uint64_t>();
    auto run = other != nullptr ? other->lookup(item) : detail::outcome_run{};
    // One that will never be there fails its item, below.
    if (run.count == 0 && other != nullptr && !other->is_finished()) return false;
    found.push_back(std::move(run));
  }
  if (found.empty()) return true;
  detail::buffer bytes;
  std::uint64_t count = 0;
  std::size_t next = 0;
  detail::pack_cursor cursor(pack.bytes.data(), pack.bytes.size());
  const auto flush = [&] {
    take_pack(std::exchange(bytes, {}), pack.beside, std::exchange(count, 0));
  };
  while (cursor.next(entry)) {
    detail::entry_view value = entry;
    if (entry.kind == detail::entry_kind::reference) {
      const auto& run = found[next++];
      if (run.count == 0) {
        flush();
        reader in(entry.body, entry.size);
        in.get_raw<std::uint64_t>();
        fail_input("the result of item " + std::to_string(in.get_raw<std::uint64_t>()) +
                   " that is an input does not exist (any more)");
        continue;
      }
      detail::pack_cursor(run.data, run.size).next(value);
      if (run.beside != nullptr && !record_)
        pack.beside.insert(pack.beside.end(), run.beside->begin(), run.beside->end());
    }
    if (value.kind == detail::entry_kind::error) {
      flush();
      fail_input("its input failed: " +
                 std::string(remote_error(detail::decode_error(value.body, value.size)).what()));
      continue;
    }
    const std::size_t at = detail::open_entry(bytes);
    const auto* beside =
        entry.kind == detail::entry_kind::reference ? found[next - 1].beside : nullptr;
    if (record_ && beside != nullptr && !beside->empty()) {
      // A record holds bytes only.
      reader in(value.body, value.size, beside);
      writer out(bytes);
      facts_.function->inline_item(in, out);
    } else {
      bytes.append(value.body, value.size);
    }
    detail::close_entry(bytes, at);
    ++count;
  }
  pack.bytes = std::move(bytes);
  pack.count = count;
  return true;
}

std::optional<core::run_order> job::next_order(core::nanoseconds now, std::size_t slots) {
  if (cancelled_) return std::nullopt;
  const std::uint64_t remaining = source_ ? (total_ ? *total_ - pulled_ : pull_items * slots) : 0;
  if (!book_.ready(now)) {
    const std::size_t wanted = book_.items_wanted(slots, remaining);
    while (!book_.ready(now))
      if (!pull(wanted)) return std::nullopt;
  }
  auto order = book_.take(now, slots, remaining);
  if (!order) return std::nullopt;
  core::run_order run;
  run.call = facts_.call;
  run.shape = facts_.shape;
  run.items = std::move(order->items);
  run.task = order->task;
  run.attempt = order->attempt;
  run.priority = facts_.options.priority;
  run.keep_going = !facts_.limits.stop_on_error;
  return run;
}

bool job::ahead() const {
  const auto each = book_.item_time();
  return outputs_.empty() && each > 0 && each < defaults::prefetch_below_ns;
}

// --- taking up again ---------------------------------------------------------------------------

core::item_pack_ptr job::recorded_pack(std::uint64_t first, std::uint64_t end, bool all) {
  detail::buffer bytes;
  std::uint64_t item = first;
  while (item < end && (all || (item - first < pull_items && bytes.size() < pull_bytes))) {
    const auto input = record_->record().read_input(item);
    if (!input)
      throw error(error_kind::failed, "the record of job '" + facts_.id +
                                          "' has no input for item " + std::to_string(item));
    const std::size_t at = detail::open_entry(bytes);
    bytes.append(input->body.data(), input->body.size());
    detail::close_entry(bytes, at, input->kind);
    ++item;
  }
  return std::make_shared<core::item_pack>(first, item - first, std::move(bytes));
}

void job::offer_recorded(const store::item_range& range, bool again) {
  for (std::uint64_t item = range.first; item < range.end();) {
    auto pack = recorded_pack(item, range.end(), false);
    item += pack->count;
    if (again)
      book_.reopen(std::move(pack));
    else
      book_.offer(std::move(pack));
  }
}

// The client ended before it had recorded all inputs. Items that will never run have outcomes all
// the same; when it is not known how many there are, one stands for all.
void job::end_recorded_input(std::uint64_t submitted) {
  const auto announced = record_->record().about().total;
  const std::uint64_t lost = announced ? *announced - std::min(*announced, submitted) : 1;
  if (lost == 0) {
    record_->seal(submitted);
    return;
  }
  error_info why;
  why.cause = cause::input_failed;
  why.message = "its input is not in the record of job '" + facts_.id +
                "': the client ended when it had recorded " + std::to_string(submitted) +
                " inputs; submit the job again, under another name or after destroying this one";
  unrun_.push_back({{submitted, lost}, why});
  book_.skip(lost, lost);
  total_ = submitted + lost;
}

}  // namespace clusterless::client
