// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <clusterless/codec.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/error.hpp>

namespace clusterless {

const char* to_string(cause c) noexcept {
  switch (c) {
    case cause::exception:
      return "exception";
    case cause::crashed:
      return "crashed";
    case cause::exited:
      return "exited";
    case cause::timed_out:
      return "timed out";
    case cause::out_of_memory:
      return "out of memory";
    case cause::killed:
      return "killed";
    case cause::node_lost:
      return "node lost";
    case cause::too_large:
      return "too large";
    case cause::bad_data:
      return "bad data";
    case cause::input_failed:
      return "input failed";
    case cause::cancelled:
      return "cancelled";
  }
  return "unknown cause";
}

namespace {

std::string indented(const std::string& text) {
  std::string out = "    ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "    ";
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '\n'))
    out.pop_back();
  return out;
}

std::string whole_story(const error_info& info) {
  std::string place;
  const auto add = [&place](const std::string& fact) {
    place += place.empty() ? " (" : ", ";
    place += fact;
  };
  if (info.task != 0) add("task " + std::to_string(info.task));
  if (info.attempt != 0) add("attempt " + std::to_string(info.attempt));
  if (!info.node.empty()) add("node " + info.node);
  if (info.worker != 0) add("worker " + std::to_string(info.worker));
  if (!place.empty()) place += ')';
  std::string text = "item " + std::to_string(info.item) + place + ' ';
  text += info.cause == cause::exception ? "threw" : to_string(info.cause);
  if (!info.type.empty()) text += ' ' + info.type;
  if (!info.message.empty()) text += ": " + info.message;
  if (!info.trace.empty()) text += "\n  stack:\n" + indented(info.trace);
  if (!info.output.empty()) text += "\n  last output:\n" + indented(info.output);
  // It is read as a C string, and what was printed may be any bytes.
  std::replace(text.begin(), text.end(), '\0', '?');
  return text;
}

}  // namespace

struct remote_error::state {
  error_info info;
  std::string text;
};

remote_error::remote_error(error_info info) {
  std::string text = whole_story(info);
  state_ = std::make_shared<const state>(state{std::move(info), std::move(text)});
}
const char* remote_error::what() const noexcept {
  return state_->text.c_str();
}
const error_info& remote_error::info() const noexcept {
  return state_->info;
}
error_kind remote_error::kind() const noexcept {
  const auto why = state_->info.cause;
  return why == cause::node_lost || why == cause::killed ? error_kind::lost : error_kind::failed;
}

namespace detail {

void throw_misuse(const char* text) {
  throw error(error_kind::misuse, text);
}

void throw_short(std::size_t wanted, std::size_t left) {
  throw codec_error("clusterless: damaged or foreign bytes: a value needs " +
                    std::to_string(wanted) + " bytes and " + std::to_string(left) + " are left");
}

void throw_count(std::uint64_t count, std::size_t bytes_each, std::size_t left) {
  throw codec_error("clusterless: damaged or foreign bytes: a count of " + std::to_string(count) +
                    " elements of " + std::to_string(bytes_each) + " bytes or more, where " +
                    std::to_string(left) + " bytes are left");
}

void throw_bad(const char* what) {
  throw codec_error(std::string("clusterless: damaged or foreign bytes: ") + what);
}

error_info decode_error(const std::byte* body, std::size_t size) {
  reader in(body, size);
  error_info info = codec<error_info>::get(in);
  expect_end(in);
  if (info.cause > cause::cancelled) throw_bad("an error of unknown cause");
  return info;
}

void throw_failure(job_core& core, std::size_t item, const entry_view& entry) {
  error_info first = decode_error(entry.body, entry.size);
  std::size_t next = item + 1;
  while (first.cause == cause::cancelled) {
    const outcome_run run = core.ordered(next);
    if (run.count == 0) break;
    pack_cursor entries(run.data, run.size);
    entry_view each;
    for (std::size_t i = 0; i < run.count && entries.next(each); ++i) {
      if (each.kind != entry_kind::error) continue;
      error_info other = decode_error(each.body, each.size);
      if (other.cause != cause::cancelled) throw remote_error(std::move(other));
    }
    next = run.first + run.count;
  }
  throw remote_error(std::move(first));
}

}  // namespace detail
}  // namespace clusterless
