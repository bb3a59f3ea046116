// SPDX-License-Identifier: MIT
#include "client/job.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <clusterless/broadcast.hpp>
#include <clusterless/codec.hpp>

#include "client/group_source.hpp"
#include "client/pool.hpp"
#include "core/defaults.hpp"
#include "session/run_item.hpp"

namespace clusterless::client {

namespace {
constexpr std::size_t pull_bytes = defaults::inline_bytes;
constexpr std::size_t pull_items = 4096;
}  // namespace

job::job(std::shared_ptr<pool> on, job_facts about, std::unique_ptr<recorder> record)
    : pool_(std::move(on)),
      facts_(std::move(about)),
      record_(std::move(record)),
      book_(facts_.limits) {}

job::~job() = default;

// --- items in ----------------------------------------------------------------------------------

void job::drain(detail::item_source& now, const std::function<void()>& between,
                const std::function<void()>& wait) {
  total_ = now.size();
  draining_ = true;
  for (bool end = false; !end;) {
    unresolved pack;
    {
      const detail::broadcast_collector collector(facts_.keep);
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
  if (record_ && !record_error_) record_->seal(pulled_);
}

// True when items were added or the source has ended.
bool job::pull(std::size_t wanted) {
  if (!source_ || cancelled_ || book_.stopped()) return false;
  if (!unresolved_) {
    const bool full = !record_ && !wants_all_ && outcomes_.bytes() > defaults::kept_results;
    if (full) return false;
    unresolved pack;
    try {
      const detail::broadcast_collector collector(facts_.keep);
      writer to(pack.bytes, record_ ? nullptr : &pack.beside);
      pack.count =
          source_->fill(to, std::clamp<std::size_t>(wanted, 1, pull_items), pull_bytes, pack.end);
    } catch (const remote_error& caught) {
      close_input(caught.info());
      return true;
    } catch (const std::exception& caught) {
      error_info why;
      why.cause = cause::input_failed;
      why.message = std::string("the input range threw: ") + caught.what();
      close_input(why);
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
    if (run.count == 0) {
      if (other == nullptr || other->is_finished())
        throw error(error_kind::misuse, "the result of item " + std::to_string(item) +
                                            " that is an input does not exist (any more)");
      return false;
    }
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
      detail::pack_cursor(run.data, run.size).next(value);
      if (run.beside != nullptr)
        pack.beside.insert(pack.beside.end(), run.beside->begin(), run.beside->end());
    }
    if (value.kind == detail::entry_kind::error) {
      flush();
      error_info why;
      why.cause = cause::input_failed;
      why.message = "its input failed: " +
                    std::string(remote_error(detail::decode_error(value.body, value.size)).what());
      why.item = pulled_;
      detail::buffer empty;
      detail::close_entry(empty, detail::open_entry(empty));
      if (record_) record_->inputs(pulled_, 1, empty.data(), empty.size());
      book_.skip(1, 1);
      ++pulled_;
      put_error(why, 0, 1);
      continue;
    }
    const std::size_t at = detail::open_entry(bytes);
    bytes.append(value.body, value.size);
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
  return run;
}

bool job::ahead() const {
  const auto each = book_.item_time();
  return outputs_.empty() && each > 0 && each < defaults::prefetch_below_ns;
}

// --- outcomes out ------------------------------------------------------------------------------

void job::succeeded(std::uint64_t task, std::uint64_t count, core::nanoseconds spent,
                    core::outcome_bytes pack) {
  const core::piece rest = book_.rest_of(task);
  if (rest.count < count) return;
  book_.succeeded(task, count, spent);
  progress_.erase(task);
  if (record_) {
    const int attempt = book_.attempt_of(rest.first);
    if (!record_error_) record_->outcomes(rest.first, count, task, attempt, pack.data, pack.size);
    if (!record_error_ && outcomes_.bytes() > defaults::kept_results) outcomes_.let_go();
  }
  outcomes_.add(rest.first, count, std::move(pack));
}

void job::put_error(const error_info& why, std::uint64_t task, int attempt) {
  detail::buffer bytes;
  session::put_error(bytes, why);
  if (record_ && !record_error_)
    record_->outcomes(why.item, 1, task, attempt, bytes.data(), bytes.size());
  outcomes_.add(why.item, 1, {bytes.data(), bytes.size(), bytes.shared(), {}});
}

void job::failed(std::uint64_t task, std::uint64_t unreported, error_info why,
                 core::nanoseconds now) {
  const core::piece rest = book_.rest_of(task);
  if (rest.count <= unreported) return;
  why.item = rest.first + unreported;
  why.task = task;
  why.attempt = book_.attempt_of(why.item);
  if (cancelled_) why.cause = cause::cancelled;
  progress_.erase(task);
  if (book_.failed(task, why.cause, now, unreported)) {
    put_error(why, task, why.attempt);
    if (book_.stopped()) {
      error_info unrun_why;
      unrun_why.cause = cause::cancelled;
      unrun_why.message =
          "not run, because item " + std::to_string(why.item) + " failed and on_error is stop";
      close_input(unrun_why);
    }
  } else {
    pool_->tell_retry(*this, why);
  }
}

void job::settle_task(std::uint64_t task, const error_info& why) {
  // Put back, they are withdrawn with the rest, and kept for a retry.
  book_.ended(task);
  for (const auto& piece : book_.withdraw())
    unrun_.push_back({{piece.first, piece.count}, why});
}

void job::close_input(const error_info& why) {
  for (const auto& piece : book_.withdraw())
    unrun_.push_back({{piece.first, piece.count}, why});
  if (!source_ && !unresolved_) return;
  source_.reset();
  unresolved_.reset();
  source_waits_ = false;
  // Items that were never read have outcomes all the same, when it is known that they exist; an
  // input of unknown length that broke ends with one failed item.
  const std::uint64_t all = total_ ? *total_ : pulled_ + (why.cause == cause::cancelled ? 0 : 1);
  if (all > pulled_) {
    unrun_.push_back({{pulled_, all - pulled_}, why});
    book_.skip(all - pulled_, all - pulled_);
  }
  total_ = all;
  book_.input_ended();
}

detail::outcome_run job::unrun(std::uint64_t item) const {
  for (const auto& [range, why] : unrun_) {
    if (item < range.first || item - range.first >= range.count) continue;
    error_info info = why;
    info.item = item;
    auto bytes = std::make_shared<detail::buffer>();
    session::put_error(*bytes, info);
    return {static_cast<std::size_t>(item), 1, bytes->data(), bytes->size(), nullptr, bytes};
  }
  return {};
}

detail::outcome_run job::lookup(std::uint64_t item) {
  if (auto run = outcomes_.from(item); run.count != 0) return run;
  if (record_)
    if (auto run = record_->outcome(item); run.count != 0) return run;
  return unrun(item);
}

void job::record_failed(const error& why) {
  if (!record_error_) record_error_ = why;
}

void job::check_alive() const {
  if (record_error_) throw *record_error_;
  if (destroyed_) throw error(error_kind::misuse, "this job was destroyed");
}

namespace {

void check_kept(std::size_t item, std::uint64_t released_before) {
  if (item < released_before)
    throw error(error_kind::misuse,
                "the results before item " + std::to_string(released_before) +
                    " were let go when they were reduced; fetch first, or name the job");
}

}  // namespace

detail::outcome_run job::ordered(std::size_t item) {
  guard lock = pool::lock();
  check_alive();
  if (!record_) check_kept(item, outcomes_.released_before());
  detail::outcome_run run;
  pool_->wait_until(lock, -1, [&] {
    run = lookup(item);
    return run.count != 0 || is_finished();
  });
  if (run.count == 0) check_alive();
  return run;
}

detail::outcome_run job::finished(std::size_t& cursor) {
  guard lock = pool::lock();
  check_alive();
  detail::outcome_run run;
  pool_->wait_until(lock, -1, [&] {
    if (run.count != 0) return true;  // asked again after it said yes
    for (;;) {
      std::size_t at = cursor;
      const auto within = [&at](const item_range& range) {
        if (at < range.count) return true;
        at -= static_cast<std::size_t>(range.count);
        return false;
      };
      const auto old = std::find_if(restored_.begin(), restored_.end(), within);
      if (old != restored_.end()) {
        run = lookup(old->first + at);
        run.count = std::min<std::size_t>(run.count, 1);
        ++cursor;
        return true;
      }
      if (at < outcomes_.finished()) {
        const item_range range = outcomes_.at(at);
        ++cursor;
        run = lookup(range.first);
        if (run.count != 0) return true;
        continue;
      }
      if (!is_finished()) return false;
      at -= outcomes_.finished();
      const auto dropped = std::find_if(unrun_.begin(), unrun_.end(),
                                        [&](const auto& each) { return within(each.first); });
      if (dropped != unrun_.end()) {
        run = unrun(dropped->first.first + at);
        ++cursor;
      }
      return true;
    }
  });
  return run;
}

void job::want_all() {
  guard lock = pool::lock();
  wants_all_ = true;
}

void job::release_before(std::size_t item) {
  guard lock = pool::lock();
  outcomes_.release_before(item);
}

bool job::wait_for(std::chrono::nanoseconds limit) {
  guard lock = pool::lock();
  check_alive();
  const bool finished = pool_->wait_until(lock, limit.count(), [this] { return is_finished(); });
  check_alive();
  return finished;
}

job_status job::status() {
  guard lock = pool::lock();
  const auto& counts = book_.counts();
  job_status now;
  now.id = facts_.id;
  if (total_) now.total = static_cast<std::size_t>(*total_);
  now.done = static_cast<std::size_t>(counts.settled - counts.failed);
  now.failed = static_cast<std::size_t>(counts.failed);
  now.running = static_cast<std::size_t>(counts.running);
  now.retried = static_cast<std::size_t>(counts.retried);
  now.finished = is_finished();
  now.cancelled = cancelled_;
  return now;
}

// --- prints and progress -----------------------------------------------------------------------

void job::printed(std::uint64_t task, int pool, int worker, std::string_view text) {
  const core::piece rest = book_.rest_of(task);
  book_.one_at_a_time();
  outputs_.add(task, rest.first, std::max<std::uint64_t>(rest.count, 1), text);
  if (record_ && !record_error_) record_->printed(task, rest.first, pool, worker, text);
}

std::string job::output(std::size_t item) {
  guard lock = pool::lock();
  return outputs_.of_item(item);
}

void job::set_progress(std::uint64_t task, double fraction, std::string_view) {
  progress_[task] = fraction;
}

double job::partial_progress() const {
  double sum = 0;
  for (const auto& [task, fraction] : progress_)
    sum += fraction;
  return sum;
}

bool job::commit(core::nanoseconds now) {
  if (!record_ || record_error_) return false;
  record_->commit(now, is_finished());
  return !cancelled_ && record_->cancel_requested(now);
}

// --- handling ----------------------------------------------------------------------------------

void job::cancel() {
  guard lock = pool::lock();
  // Kept with the record: it tells a job that was stopped from one whose client died.
  if (record_ && !record_error_ && !is_finished()) record_->record().request_cancel();
  pool_->cancel(*this, "by the program");
  pool_->wait_until(lock, -1, [this] { return is_finished(); });
}

destroy_report job::destroy() {
  guard lock = pool::lock();
  destroy_report report;
  if (destroyed_) return report;
  pool_->cancel(*this, "to be destroyed");
  pool_->wait_until(lock, -1, [this] { return is_finished(); });
  destroyed_ = true;
  outcomes_.let_go();
  if (record_) {
    record_.reset();
    for (const auto& left : store::destroy_job(*open_store(), facts_.id))
      report.left.push_back(left.key + ": " + left.reason);
  }
  return report;
}

void job::retry_failed() {
  guard lock = pool::lock();
  check_alive();
  if (!is_finished())
    throw error(error_kind::misuse, "retry_failed: the job has not finished; wait for it first");
  cancelled_ = false;
  std::vector<store::item_range> again;
  for (const auto& piece : book_.retry_given_up()) {
    for (std::uint64_t i = 0; i < piece.count; ++i)
      outcomes_.withdraw(piece.first + i);
    again.push_back({piece.first, piece.count});
    std::erase_if(unrun_, [&](const auto& each) { return each.first.first == piece.first; });
  }
  if (record_) {
    record_->drive_again();
    record_->record().clear_cancel();
    const auto failed = record_->record().failed();
    record_->record().append_retry(failed);
    record_->record().commit();
    for (const auto& range : failed) {
      const bool given = std::any_of(again.begin(), again.end(), [&](const auto& each) {
        return range.first >= each.first && range.end() <= each.end();
      });
      if (!given) offer_recorded(range, true);
    }
  }
  pool_->revive(shared_from_this());
}

detail::job_ptr job::regroup(detail::call fold, std::size_t group, const map_options& options) {
  {
    guard lock = pool::lock();
    if (!record_) check_kept(0, outcomes_.released_before());
  }
  auto items = std::make_unique<group_source>(shared_from_this(), std::max<std::size_t>(group, 2));
  return pool_->submit(std::move(fold), nullptr, std::move(items), options);
}

// --- taking up again ---------------------------------------------------------------------------

void job::offer_recorded(const store::item_range& range, bool again) {
  for (std::uint64_t item = range.first; item < range.end();) {
    detail::buffer bytes;
    const std::uint64_t first = item;
    while (item < range.end() && item - first < pull_items && bytes.size() < pull_bytes) {
      const auto input = record_->record().read_input(item);
      if (!input)
        throw error(error_kind::failed, "the record of job '" + facts_.id +
                                            "' has no input for item " + std::to_string(item));
      const std::size_t at = detail::open_entry(bytes);
      bytes.append(input->body.data(), input->body.size());
      detail::close_entry(bytes, at, input->kind);
      ++item;
    }
    auto pack = std::make_shared<core::item_pack>(first, item - first, std::move(bytes));
    if (again)
      book_.reopen(std::move(pack));
    else
      book_.offer(std::move(pack));
  }
}

void job::restore() {
  auto& record = record_->record();
  const auto counts = record.counts();
  book_.skip(counts.done + counts.failed, counts.failed);
  pulled_ = counts.submitted;
  total_ = counts.submitted;
  std::uint64_t next = 0;
  const auto settled_up_to = [&](std::uint64_t end) {
    if (end > next) restored_.push_back({next, end - next});
  };
  for (const auto& range : record.missing()) {
    settled_up_to(range.first);
    next = range.end();
    if (range.first >= counts.submitted) break;
    offer_recorded({range.first, std::min(range.end(), counts.submitted) - range.first}, false);
  }
  settled_up_to(counts.submitted);
  book_.input_ended();
}

}  // namespace clusterless::client
