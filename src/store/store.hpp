// SPDX-License-Identifier: MIT
// The store: named byte objects that outlive every process. This is the narrow seam behind which a
// directory, a blob container or a fake in memory stands; it knows nothing of jobs. What it
// promises is what all of them can keep: whole objects replace each other atomically, the first of
// two creators wins, and what was synced is still there after a crash.
#pragma once

#include <chrono>
#include <clusterless/detail/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clusterless::store {

using detail::buffer;
using bytes = std::span<const std::byte>;

/// Throws `error` (misuse) unless `key` is 1 to 1024 bytes of '/'-separated parts, each of 1 to 200
/// characters of [A-Za-z0-9._-] and not starting with '.'. No key may be a folder of another one.
/// 1024 is the longest blob name (Azure, "Naming and referencing containers, blobs, and metadata").
void check_key(const std::string& key);

/// `text` in single quotes with everything unprintable escaped, cut after 80 characters: for names
/// that come from outside and go into messages.
std::string quoted(const std::string& text);

struct object_info {
  std::string key;
  std::uint64_t size = 0;  ///< bytes
};

/// What could not be removed, and why.
struct failure {
  std::string key;
  std::string reason;
};

/// Who holds something. `started` is the kernel's start time of the process (clock ticks since that
/// host booted): it tells a process from a later one with the same number.
struct holder {
  std::string host = {};
  std::int64_t pid = 0;
  std::uint64_t started = 0;
  std::uint64_t since_ms = 0;  ///< Unix time the hold was taken
};
/// "process 4711 on host n1"
std::string to_string(const holder& who);

/// Adds to the end of one object. Not for use by several threads at once.
class appender {
 public:
  virtual ~appender() = default;
  /// Adds the parts, one behind the other, whole or not at all: when it throws, the object is as it
  /// was and the call may be repeated. (A crash inside can leave a beginning of the parts.)
  /// Throws `error`: `busy` when the store is full, `lost` when somebody else changed the object.
  virtual void append(std::span<const bytes> parts) = 0;
  /// Returns when everything appended would survive the machine. After it threw, nothing more can
  /// be appended through this appender.
  virtual void sync() = 0;
  /// Bytes in the object.
  virtual std::uint64_t size() const = 0;
  /// Drops everything behind the first `size` bytes.
  virtual void cut_to(std::uint64_t size) = 0;
};

/// An exclusive right; ends with this object or with the process, however that ends.
class hold {
 public:
  virtual ~hold() = default;
  /// Whether the right was lost while it was held, as a lease is that could not be renewed in time.
  /// Who finds that must stop writing: somebody else may hold it now.
  virtual bool lost() const noexcept { return false; }
};

/// All calls may come from several threads. Every call throws `error` when the store cannot do what
/// it says: `misuse` for bad keys and places that cannot be written, `busy` when it is full,
/// `failed` for the rest, with the place and the cause in the text.
class object_store {
 public:
  virtual ~object_store() = default;

  /// Where it is, in words for messages.
  virtual std::string place(const std::string& key = {}) const = 0;

  /// The whole object; nothing when there is none.
  virtual std::optional<buffer> get(const std::string& key) const = 0;
  /// Up to into.size() bytes from `offset`; fewer only at the end. Throws when there is no object.
  virtual std::size_t read(const std::string& key, std::uint64_t offset,
                           std::span<std::byte> into) const = 0;
  /// Bytes in the object; nothing when there is none. Polling this is how to watch an object.
  virtual std::optional<std::uint64_t> size(const std::string& key) const = 0;
  /// A place at or behind `offset` before which all bytes from `offset` on are zeros that take no
  /// room, as in a file that was made longer; `offset` in a store that cannot tell.
  virtual std::uint64_t zeros_until(const std::string& /*key*/, std::uint64_t offset) const {
    return offset;
  }
  /// Every object whose key is `prefix` or starts with `prefix`/, sorted; all when it is empty.
  virtual std::vector<object_info> list(const std::string& prefix) const = 0;

  /// Creates or replaces; readers see the old or the new object, whole. Durable on return.
  virtual void put(const std::string& key, bytes content) = 0;
  /// Creates; false, and no change, when there is one already. Of several callers one wins.
  virtual bool put_new(const std::string& key, bytes content) = 0;
  /// Removes the object `prefix` and all that starts with `prefix`/, nothing else. What was not
  /// there counts as removed.
  virtual std::vector<failure> remove(const std::string& prefix) = 0;

  /// Opens for appending, creating an empty object when there is none. One writer at a time.
  virtual std::unique_ptr<appender> append_to(const std::string& key) = 0;

  /// Takes the exclusive right named `key`; null when another holder, here or elsewhere, has it.
  virtual std::unique_ptr<hold> try_hold(const std::string& key) = 0;
  /// How long a right may outlive a holder that died, at most.
  virtual std::chrono::seconds holds_linger() const { return std::chrono::seconds(0); }
  /// Who has the right `key` now; nothing when it is free.
  virtual std::optional<holder> held_by(const std::string& key) const = 0;
};

}  // namespace clusterless::store
