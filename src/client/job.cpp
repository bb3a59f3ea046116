// SPDX-License-Identifier: MIT
#include "client/job.hpp"

#include <algorithm>
#include <utility>

#include "client/group_source.hpp"
#include "client/pool.hpp"
#include "core/defaults.hpp"
#include "session/run_item.hpp"

namespace clusterless::client {

namespace {

/// Takes the items of `gone` out of `ranges`.
void leave_out(std::vector<item_range>& ranges, const item_range& gone) {
  std::vector<item_range> left;
  const std::uint64_t gone_end = gone.first + gone.count;
  for (const auto& each : ranges) {
    const std::uint64_t end = each.first + each.count;
    const std::uint64_t before = std::min(end, gone.first);
    const std::uint64_t after = std::max(each.first, gone_end);
    if (before > each.first) left.push_back({each.first, before - each.first});
    if (end > after) left.push_back({after, end - after});
  }
  ranges = std::move(left);
}

}  // namespace

job::job(std::shared_ptr<pool> on, job_facts about, std::unique_ptr<recorder> record)
    : pool_(std::move(on)),
      facts_(std::move(about)),
      record_(std::move(record)),
      book_(facts_.limits) {}

job::~job() = default;

// --- outcomes out ------------------------------------------------------------------------------

void job::settle_values(std::uint64_t task, std::uint64_t count, core::nanoseconds spent,
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

void job::settle_failure(std::uint64_t task, std::uint64_t unreported, error_info why,
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
      stopped_by_ = {};
      stopped_by_.cause = cause::cancelled;
      stopped_by_.message =
          "not run, because item " + std::to_string(why.item) + " failed and on_error is stop";
      close_input(stopped_by_);
    }
  } else {
    if (record_ && !record_error_) record_->retried(why);
    pool_->tell_retry(*this, why);
  }
}

void job::end_task(std::uint64_t task) {
  book_.ended(task);
  // Items behind the failed one of the same task come back only now.
  if (book_.stopped()) close_input(stopped_by_);
}

void job::close_input(const error_info& why, bool of_another) {
  for (const auto& piece : book_.withdraw())
    unrun_.push_back({{piece.first, piece.count}, why});
  if (!source_ && !unresolved_) return;
  // A range that broke cannot be read on; any other can, if the job is tried again.
  if (why.cause == cause::cancelled) {
    left_ = std::move(source_);
    left_unresolved_ = std::move(unresolved_);
  }
  source_.reset();
  unresolved_.reset();
  source_waits_ = false;
  // Items that were never read have outcomes all the same, when it is known that they exist; an
  // input of unknown length that broke ends with one failed item.
  const std::uint64_t all = total_ ? *total_ : pulled_ + (why.cause == cause::cancelled ? 0 : 1);
  if (all > pulled_) {
    unrun_.push_back({{pulled_, all - pulled_}, why, of_another});
    book_.skip(all - pulled_, all - pulled_);
  }
  total_ = all;
  book_.input_ended();
}

detail::outcome_run job::unrun(std::uint64_t item) const {
  for (const auto& each : unrun_) {
    if (item < each.items.first || item - each.items.first >= each.items.count) continue;
    error_info info = each.why;
    if (!each.of_another) info.item = item;
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

// --- prints and progress -----------------------------------------------------------------------

std::string_view job::printed(std::uint64_t task, int pool, int worker, std::string_view text) {
  text = not_printed_before(task, text);
  if (text.empty()) return text;
  const item_range rest = open_items(task);
  book_.one_at_a_time();
  outputs_.add(task, rest.first, std::max<std::uint64_t>(rest.count, 1), text);
  if (record_ && !record_error_) record_->printed(task, rest.first, pool, worker, text);
  return text;
}

void job::printed_at_end(std::uint64_t task, std::uint64_t first, std::uint64_t count,
                         std::string_view text) {
  outputs_.add(task, first, std::max<std::uint64_t>(count, 1), text);
}

std::string job::output(std::size_t item) {
  guard lock = pool_->lock();
  return outputs_.of_item(item);
}

void job::set_progress(std::uint64_t task, double fraction, std::string_view text) {
  progress_[task] = fraction;
  if (record_ && !record_error_) record_->progress(task, open_items(task).first, fraction, text);
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
  guard lock = pool_->lock();
  // Kept with the record: it tells a job that was stopped from one whose client died.
  if (record_ && !record_error_ && !is_finished()) record_->record().request_cancel();
  pool_->cancel(*this, "by the program");
  pool_->wait_until(lock, -1, [this] { return is_finished(); });
}

destroy_report job::destroy() {
  guard lock = pool_->lock();
  destroy_report report;
  if (destroyed_) return report;
  pool_->cancel(*this, "to be destroyed");
  pool_->wait_until(lock, -1, [this] { return is_finished(); });
  destroyed_ = true;
  outcomes_.let_go();
  if (record_) {
    const auto in = record_->record().store();
    record_.reset();
    for (const auto& left : store::destroy_job(*in, facts_.id))
      report.left.push_back(left.key + ": " + left.reason);
  }
  return report;
}

// Items that were never read because the job was stopped or cancelled can be read now.
void job::reopen_input() {
  if (!left_) return;
  source_ = std::move(left_);
  unresolved_ = std::exchange(left_unresolved_, std::nullopt);
  for (const auto& each : unrun_)
    if (each.items.first == pulled_) book_.unskip(each.items.count);
  std::erase_if(unrun_, [this](const auto& each) { return each.items.first == pulled_; });
  book_.input_goes_on();
  total_ = source_->size();
}

void job::retry_failed() {
  guard lock = pool_->lock();
  check_alive();
  if (!is_finished())
    throw error(error_kind::misuse, "retry_failed: the job has not finished; wait for it first");
  cancelled_ = false;
  std::vector<store::item_range> again;
  std::vector<item_range> withdrawn;
  for (const auto& piece : book_.retry_given_up()) {
    withdrawn.push_back({piece.first, piece.count});
    again.push_back({piece.first, piece.count});
    std::erase_if(unrun_, [&](const auto& each) { return each.items.first == piece.first; });
  }
  reopen_input();
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
      if (given) continue;
      offer_recorded(range, true);
      withdrawn.push_back({range.first, range.count});
      leave_out(restored_, {range.first, range.count});
    }
  }
  outcomes_.withdraw(std::move(withdrawn));
  pool_->revive(shared_from_this());
}

detail::job_ptr job::regroup(detail::call fold, std::size_t group, const map_options& options) {
  {
    guard lock = pool_->lock();
    if (!record_) outcomes_.require(0);
  }
  auto items = std::make_unique<group_source>(shared_from_this(), std::max<std::size_t>(group, 2));
  return pool_->submit(std::move(fold), nullptr, std::move(items), options);
}

}  // namespace clusterless::client
