// SPDX-License-Identifier: MIT
#include "task/task_log.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include <clusterless/codec.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/detail/pack.hpp>

#include "core/checksum.hpp"
#include "os/fail.hpp"

namespace clusterless::task {

namespace {

constexpr std::uint32_t log_magic = 0x314b5443;  // "CTK1"
constexpr std::size_t most_parts = 512;          // of one call; the kernel takes 1024

struct entry_head {
  std::uint32_t magic = log_magic;
  std::uint32_t kind = 0;
  std::uint64_t count = 0;
  std::uint64_t number = 0;
  std::uint64_t size = 0;
  std::uint64_t body_sum = 0;
  std::uint64_t head_sum = 0;  ///< of the fields before it
};

std::uint64_t sum_of(const entry_head& head) {
  return core::checksum64(&head, offsetof(entry_head, head_sum));
}

byte_view bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

core::outcome_bytes to_outcome(const log_entry& entry) {
  return {entry.body, entry.size, {}, in_memory(entry.beside)};
}

error_info to_error(const log_entry& entry) {
  return detail::decode_error(entry.body, entry.size);
}

double to_fraction(const log_entry& entry) {
  const auto told = std::bit_cast<double>(entry.number);
  return told >= 0 && told <= 1 ? told : 0;
}

// --- writing -----------------------------------------------------------------------------------

// A start of the same task that is not quite over yet keeps its own file, which nobody sees again.
log_writer::log_writer(const std::string& path) : path_(path) {
  ::unlink(path.c_str());
  file_ =
      os::unique_fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
  if (!file_) os::fail("the log of this task, " + path_);
}

void log_writer::add(entry_kind kind, std::uint64_t count, std::uint64_t number,
                     std::vector<byte_view> body) {
  entry_head head;
  head.kind = static_cast<std::uint32_t>(kind);
  head.count = count;
  head.number = number;
  for (const auto& part : body)
    head.size += part.size();
  head.body_sum = core::checksum64(body);
  head.head_sum = sum_of(head);
  body.insert(body.begin(), std::as_bytes(std::span(&head, 1)));
  std::vector<iovec> parts;
  for (const auto& part : body)
    if (!part.empty()) parts.push_back({const_cast<std::byte*>(part.data()), part.size()});
  for (std::size_t first = 0; first < parts.size();) {
    const std::size_t some = std::min(most_parts, parts.size() - first);
    const ssize_t n = ::writev(file_.get(), parts.data() + first, static_cast<int>(some));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) os::fail("room for the log of this task, " + path_);
    for (auto gone = static_cast<std::size_t>(n); first < parts.size(); ++first) {
      auto& part = parts[first];
      const std::size_t of_this = std::min(gone, part.iov_len);
      part.iov_base = static_cast<std::byte*>(part.iov_base) + of_this;
      part.iov_len -= of_this;
      gone -= of_this;
      if (part.iov_len != 0) break;
    }
  }
}

void log_writer::started(std::string_view nodes) {
  std::uint64_t name = 0;
  if (::getrandom(&name, sizeof name, 0) != sizeof name) os::fail("random numbers");
  add(entry_kind::started, 0, name, {bytes_of(nodes)});
}

void log_writer::outcomes(std::uint64_t count, core::nanoseconds spent,
                          const core::outcome_bytes& pack) {
  const flat_parts body({pack.data, pack.size}, pack.beside);
  add(entry_kind::outcomes, count, static_cast<std::uint64_t>(spent), body.parts());
}

void log_writer::failed(std::uint64_t unreported, const error_info& why) {
  detail::buffer encoded;
  writer out(encoded);
  codec<error_info>::put(out, why);
  add(entry_kind::failed, unreported, 0, {{encoded.data(), encoded.size()}});
}

void log_writer::printed(int worker, std::string_view lines) {
  add(entry_kind::printed, 0, static_cast<std::uint64_t>(worker), {bytes_of(lines)});
}

void log_writer::progress(double fraction, std::string_view text) {
  add(entry_kind::progress, 0, std::bit_cast<std::uint64_t>(fraction), {bytes_of(text)});
}

void log_writer::unusable(std::string_view why) {
  add(entry_kind::unusable, 0, 0, {bytes_of(why)});
}

void log_writer::trouble(std::string_view why) {
  add(entry_kind::trouble, 0, 0, {bytes_of(why)});
}

void log_writer::ended(int exit_code) {
  add(entry_kind::ended, 0, static_cast<std::uint64_t>(exit_code), {});
}

// --- reading -----------------------------------------------------------------------------------

bool log_reader::wrong(const char* what) {
  trouble_ = "the log of a task is damaged at byte " + std::to_string(at_) + ": " + what;
  return false;
}

bool log_reader::next(log_entry& out) {
  trouble_.clear();
  entry_head head;
  const byte_view left = from_.subspan(at_);
  if (left.size() < sizeof head) return false;
  std::memcpy(&head, left.data(), sizeof head);
  if (head.magic != log_magic || sum_of(head) != head.head_sum)
    return wrong("the head of an entry does not match its checksum");
  if (head.kind < static_cast<std::uint32_t>(entry_kind::started) ||
      head.kind > static_cast<std::uint32_t>(entry_kind::ended))
    return wrong("an entry is of an unknown kind");
  if (head.size > left.size() - sizeof head) return false;
  const byte_view body = left.subspan(sizeof head, static_cast<std::size_t>(head.size));
  if (core::checksum64(body.data(), body.size()) != head.body_sum)
    return wrong("the bytes of an entry do not match their checksum");
  log_entry got{
      static_cast<entry_kind>(head.kind), head.count, head.number, body.data(), body.size(), {}};
  if (got.kind == entry_kind::outcomes) {
    auto flat = read_flat(body);
    if (!flat || !detail::is_pack(flat->payload.data(), flat->payload.size(), head.count))
      return wrong("outcomes are not what they say");
    got.body = flat->payload.data();
    got.size = flat->payload.size();
    got.beside = std::move(flat->beside);
  }
  at_ += sizeof head + body.size();
  out = std::move(got);
  return true;
}

}  // namespace clusterless::task
