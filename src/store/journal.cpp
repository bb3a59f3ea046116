// SPDX-License-Identifier: MIT
#include "store/journal.hpp"

#include <algorithm>
#include <charconv>
#include <clusterless/error.hpp>
#include <limits>

namespace clusterless::store {
namespace {

constexpr std::uint64_t max_epoch = 1u << 20;
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

bool is_claim(const frame& f) {
  return f.offset == 0 && f.kind == static_cast<std::uint32_t>(journal_kind::claimed);
}

bool is_sound(std::uint64_t first, std::uint64_t count, const frame& f) {
  return first < max_items && count > 0 && count <= max_frame_items &&
         count <= f.body_size / sizeof(detail::entry_head);
}

}  // namespace

struct journal::log {
  log(const object_store& from, const std::string& key) : scan(from, key), lookup(from, key) {}
  log_reader scan;
  log_reader lookup;
  bool opened = false;
  std::uint64_t opened_end = 0;
  std::vector<fence> fences;
  std::uint64_t limit = no_limit;
  bool finished = false;  // nothing in it will ever be new
};

struct journal::cached_frame {
  item_place at;
  frame head;
  std::shared_ptr<const buffer> body;
  outcomes_meta outcomes;
  detail::pack_cursor cursor;
  std::uint64_t next = 0;  // entry the cursor is before
};

journal::journal(const object_store& from, std::string folder, bool salvage)
    : from_(&from),
      folder_(std::move(folder)),
      salvage_(salvage),
      outcome_cache_(std::make_unique<cached_frame>()),
      input_cache_(std::make_unique<cached_frame>()) {}

journal::~journal() = default;

bool journal::refresh() {
  find_logs();
  bool changed = open_logs();
  if (set_limits()) {
    start_over();
    changed = true;
  }
  for (std::uint32_t i = 0; i < logs_.size(); ++i)
    changed = read_log(i) || changed;
  return changed;
}

void journal::find_logs() {
  std::uint64_t last = logs_.size();
  if (last == 0) {
    // Only the first look needs a list: it would show that an early log has gone.
    const std::string folder = folder_ + "/journal";
    for (const object_info& found : from_->list(folder)) {
      std::uint64_t epoch = 0;
      const char* end = found.key.data() + found.key.size();
      const auto number = std::from_chars(found.key.data() + folder.size() + 1, end, epoch);
      if (number.ec == std::errc() && number.ptr == end && epoch <= max_epoch)
        last = std::max(last, epoch);
    }
  }
  while (from_->size(journal_key(folder_, last + 1)))
    ++last;
  for (std::uint64_t epoch = logs_.size() + 1; epoch <= last; ++epoch) {
    const std::string key = journal_key(folder_, epoch);
    if (!salvage_ && !from_->size(key))
      throw error(error_kind::failed,
                  "damaged record: " + from_->place(key) +
                      " is gone, although a later part of the journal is there");
    logs_.push_back(std::make_unique<log>(*from_, key));
  }
}

/// Reads the openings not read yet: a log that is only claimed is that of a driver which is just
/// starting, or died doing so.
bool journal::open_logs() {
  bool changed = false;
  for (std::uint64_t i = 0; i < logs_.size(); ++i) {
    log& here = *logs_[i];
    if (here.opened || here.finished) continue;
    here.scan.refresh();
    frame first;
    bool found = here.scan.next(first);
    if (found && is_claim(first)) found = here.scan.next(first);
    if (!found) {
      log_damage lost = here.scan.damage();
      if (here.scan.end() != log_end::damaged) {
        if (here.scan.offset() != 0) continue;
        lost.what = "the log is empty or has no whole frame, and none is ever made so";
      }
      if (!salvage_) throw error(error_kind::failed, "damaged record: " + to_string(*from_, lost));
      if (here.scan.end() != log_end::damaged) damages_.push_back(lost);
      here.opened = true;  // its frames are worth reading even so
      continue;
    }
    opened_meta meta;
    buffer body;
    if (first.kind == static_cast<std::uint32_t>(journal_kind::opened) &&
        read_front(first.meta, meta) && meta.epoch == i + 1 && here.scan.read_body(first, body) &&
        body.size() % sizeof(fence) == 0) {
      here.fences.resize(body.size() / sizeof(fence));
      if (!body.empty()) std::memcpy(here.fences.data(), body.data(), body.size());
    } else {
      constexpr const char* wrong = "it is not the opening of this log";
      if (!salvage_) here.scan.reject(first, wrong);
      damages_.push_back({journal_key(folder_, i + 1), first.offset, first.number, wrong});
    }
    here.opened_end = first.end();
    here.opened = changed = true;
  }
  return changed;
}

/// A log counts up to the fence of the first later log whose opening itself counts. True when more
/// of a log was read than counts now.
bool journal::set_limits() {
  bool too_far = false;
  for (std::size_t i = logs_.size(); i-- > 0;) {
    log& here = *logs_[i];
    std::uint64_t limit = no_limit;
    for (std::size_t k = i + 1; k < logs_.size() && limit == no_limit; ++k)
      if (logs_[k]->opened && logs_[k]->opened_end <= logs_[k]->limit)
        for (const fence& f : logs_[k]->fences)
          if (f.epoch == i + 1) limit = f.end;
    if (here.limit == limit) continue;
    here.limit = limit;
    here.scan.limit_to(limit);
    too_far = too_far || here.scan.offset() > limit;
  }
  return too_far;
}

void journal::start_over() {
  states_.clear();
  outcomes_.clear();
  inputs_.clear();
  submitted_ = 0;
  sealed_.reset();
  tasks_.clear();
  damages_.clear();
  for (std::uint64_t i = 0; i < logs_.size(); ++i) {
    log& here = *logs_[i];
    here.scan = log_reader(*from_, journal_key(folder_, i + 1));
    here.scan.limit_to(here.limit);
    here.finished = false;
  }
}

bool journal::read_log(std::uint32_t number) {
  log& here = *logs_[number];
  if (here.finished || !here.opened) return false;
  here.scan.refresh();
  bool changed = false;
  for (;;) {
    frame f;
    while (here.scan.next(f)) {
      changed = true;
      const problem wrong = apply(number, f);
      if (wrong == nullptr) continue;
      if (!salvage_) here.scan.reject(f, wrong);
      damages_.push_back({journal_key(folder_, number + 1), f.offset, f.number, wrong});
    }
    if (here.scan.end() != log_end::damaged) break;
    if (!salvage_)
      throw error(error_kind::failed, "damaged record: " + to_string(*from_, here.scan.damage()) +
                                          "; nothing was changed");
    damages_.push_back(here.scan.damage());
    if (!here.scan.skip_damage()) {
      here.finished = true;
      return changed;
    }
  }
  if (here.limit == no_limit) return changed;
  here.finished = true;
  if (here.scan.offset() < here.limit) {
    log_damage cut = here.scan.damage();
    cut.what = "the log has lost its end: " + std::to_string(here.limit) + " bytes of it count";
    if (!salvage_) throw error(error_kind::failed, "damaged record: " + to_string(*from_, cut));
    damages_.push_back(cut);
  }
  return changed;
}

journal::problem journal::apply(std::uint32_t number, const frame& f) {
  switch (static_cast<journal_kind>(f.kind)) {
    case journal_kind::claimed:
      return is_claim(f) ? nullptr : "it claims the log a second time";
    case journal_kind::opened:
      return f.offset == frame_head_size ? nullptr : "it opens the log a second time";
    case journal_kind::inputs:
      return apply_inputs(number, f);
    case journal_kind::sealed: {
      sealed_meta meta;
      if (!read_front(f.meta, meta) || meta.total < submitted_ || meta.total > max_items ||
          (sealed_ && *sealed_ != meta.total))
        return "its number of items contradicts the rest";
      sealed_ = meta.total;
      return nullptr;
    }
    case journal_kind::outcomes:
      return apply_outcomes(number, f);
    case journal_kind::reopened:
      return apply_reopened(number, f);
    case journal_kind::tasks:
      return apply_tasks(number, f);
    case journal_kind::tasks_gone:
      tasks_.clear();
      return nullptr;
  }
  return "its kind is unknown to this version of clusterless";
}

journal::problem journal::apply_inputs(std::uint32_t number, const frame& f) {
  inputs_meta meta;
  if (!read_front(f.meta, meta) || !is_sound(meta.first, meta.count, f) ||
      (sealed_ && meta.first + meta.count > *sealed_))
    return "its range of items is impossible";
  // After a damage that swallowed inputs the next ones leave a gap.
  if (meta.first < submitted_ || (meta.first > submitted_ && !salvage_))
    return "its inputs do not follow those before them";
  if (const problem wrong = check_pack(number, f, meta.count)) return wrong;
  inputs_.add({meta.first, meta.count}, {number, f.offset, 0});
  submitted_ = meta.first + meta.count;
  return nullptr;
}

journal::problem journal::apply_outcomes(std::uint32_t number, const frame& f) {
  outcomes_meta meta;
  if (!read_front(f.meta, meta) || !is_sound(meta.first, meta.count, f) || meta.has_failures > 1 ||
      (sealed_ && meta.first + meta.count > *sealed_))
    return "its range of items is impossible";
  bytes failed;
  if (meta.has_failures != 0) {
    const auto map_size = static_cast<std::size_t>((meta.count + 7) / 8);
    if (f.meta.size() < sizeof meta + map_size) return "its list of failures is cut";
    failed = f.meta.subspan(sizeof meta, map_size);
  }
  if (const problem wrong = check_pack(number, f, meta.count)) return wrong;
  for (const item_range& fresh : states_.decide({meta.first, meta.count}, failed))
    outcomes_.add(fresh, {number, f.offset, fresh.first - meta.first});
  return nullptr;
}

journal::problem journal::apply_reopened(std::uint32_t number, const frame& f) {
  buffer body;
  if (!logs_[number]->scan.read_body(f, body)) return "its content does not match its checksum";
  if (body.size() % sizeof(item_range) != 0) return "its list of items is cut";
  // What comes next may replace what came before.
  outcomes_.settle();
  for (std::size_t at = 0; at < body.size(); at += sizeof(item_range)) {
    item_range range;
    std::memcpy(&range, body.data() + at, sizeof range);
    if (range.first >= max_items || range.count > max_items) continue;
    states_.withdraw(range);
    // No task from before owes them.
    if (!tasks_.empty()) tasks_.push_back({.items = range});
  }
  return nullptr;
}

journal::problem journal::apply_tasks(std::uint32_t number, const frame& f) {
  buffer body;
  if (!logs_[number]->scan.read_body(f, body)) return "its content does not match its checksum";
  return decode_tasks({body.data(), body.size()}, tasks_) ? nullptr : "its list of tasks is cut";
}

/// With salvage: whether the body is what was written and holds `count` entries.
journal::problem journal::check_pack(std::uint32_t number, const frame& f, std::uint64_t count) {
  if (!salvage_) return nullptr;
  buffer body;
  if (!logs_[number]->scan.read_body(f, body)) return "its content does not match its checksum";
  detail::pack_cursor cursor(body.data(), body.size());
  detail::entry_view entry;
  std::uint64_t n = 0;
  while (cursor.next(entry))
    ++n;
  return cursor.good() && n == count ? nullptr : "its pack is not one";
}

std::vector<fence> journal::read_up_to() const {
  std::vector<fence> ends;
  for (std::uint64_t i = 0; i < logs_.size(); ++i)
    ends.push_back({i + 1, logs_[i]->scan.offset()});
  return ends;
}

std::vector<std::uint64_t> journal::unfenced() const {
  std::vector<std::uint64_t> epochs;
  for (std::uint64_t i = 0; i < logs_.size(); ++i)
    if (logs_[i]->limit == no_limit) epochs.push_back(i + 1);
  return epochs;
}

void journal::load(const item_place& at, cached_frame& cache) {
  if (cache.body && cache.at.log == at.log && cache.at.offset == at.offset) {
    if (cache.next <= at.entry) return;
  } else {
    log_reader& reader = logs_[at.log]->lookup;
    cache.body.reset();
    cache.head = reader.at(at.offset);
    if (!read_front(cache.head.meta, cache.outcomes)) cache.outcomes = {};
    cache.body = std::make_shared<const buffer>(reader.body(cache.head));
    cache.at = at;
  }
  cache.cursor = detail::pack_cursor(cache.body->data(), cache.body->size());
  cache.next = 0;
}

stored_entry journal::entry_at(const item_place& at, cached_frame& cache) {
  load(at, cache);
  detail::entry_view entry;
  for (bool found = false; !found; ++cache.next) {
    found = cache.next == at.entry;
    if (cache.cursor.next(entry)) continue;
    const frame head = cache.head;
    cache.body.reset();
    logs_[at.log]->lookup.reject(head, "its pack is not one");
  }
  return {entry.kind, {entry.body, entry.size}, 0, 0, cache.body};
}

std::optional<stored_entry> journal::outcome(std::uint64_t item) {
  if (states_.get(item) == item_state::missing) return std::nullopt;
  const auto at = outcomes_.find(item);
  if (!at) return std::nullopt;
  stored_entry entry = entry_at(*at, *outcome_cache_);
  entry.task = outcome_cache_->outcomes.task;
  entry.attempt = outcome_cache_->outcomes.attempt;
  return entry;
}

std::optional<stored_entry> journal::input(std::uint64_t item) {
  const auto at = inputs_.find(item);
  if (!at) return std::nullopt;
  return entry_at(*at, *input_cache_);
}

std::vector<log_damage> journal::remarks() const {
  std::vector<log_damage> all = damages_;
  for (std::uint64_t i = 0; i < logs_.size(); ++i) {
    const log& here = *logs_[i];
    const std::string key = journal_key(folder_, i + 1);
    const std::uint64_t size = from_->size(key).value_or(0);
    if (here.limit != no_limit && size > here.limit) {
      all.push_back({key, here.limit, here.scan.number(),
                     "the last " + std::to_string(size - here.limit) +
                         " bytes of the log do not count: unfinished, or too late"});
    } else if (here.limit == no_limit && here.scan.end() == log_end::torn) {
      all.push_back(here.scan.damage());
    }
  }
  return all;
}

std::size_t journal::memory() const {
  return states_.memory() + outcomes_.memory() + inputs_.memory();
}

}  // namespace clusterless::store
