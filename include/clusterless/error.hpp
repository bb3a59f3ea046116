// SPDX-License-Identifier: MIT
// Errors. `error` is thrown for misuse and a broken world; `remote_error` tells why one item has no
// value: it travels as a value inside an outcome and is thrown only when that value is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace clusterless {

/// What the caller should do about an error.
enum class error_kind : std::uint8_t {
  misuse,       ///< fix the call, the file or the option named in the text
  failed,       ///< see the cause in the text
  busy,         ///< try again later
  lost,         ///< something went away; run again elsewhere
  unsupported,  ///< this engine or build cannot do it
};

/// Thrown for misuse and a broken world. The text says what happened, to what, and what to do.
class error : public std::exception {
 public:
  error(error_kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }
  error_kind kind() const noexcept { return kind_; }

 private:
  error_kind kind_;
  std::string text_;
};

/// Why an item's attempt ended without a value, from evidence (wait status, kernel counters, the
/// engine's record), never guessed from the clock.
enum class cause : std::uint8_t {
  exception,      ///< the function threw; `type` and `message` are the exception's
  crashed,        ///< ended by a signal of its own making (SIGSEGV, SIGABRT, …)
  exited,         ///< called exit, _Exit or quick_exit inside an item
  timed_out,      ///< ran longer than map_options.timeout
  out_of_memory,  ///< killed by the kernel for lack of memory
  killed,         ///< killed by a signal from outside
  node_lost,      ///< its node went away
  too_large,      ///< an argument or result above the limit
  bad_data,       ///< bytes that could not be decoded as the type expected
  input_failed,   ///< an input that is another job's result has failed
  cancelled,      ///< the job was cancelled or stopped before the item ran
};

/// The cause as a word: "exception", "crashed", …
const char* to_string(cause c) noexcept;

/// The facts of a failed item, as they travel. `item` counts from 0; `task`, `attempt`, `pool` and
/// `worker` count from 1 and are 0 when unknown; `node` is empty when unknown.
struct error_info {
  clusterless::cause cause = clusterless::cause::exception;
  std::string type = {};     ///< exception type, or signal name
  std::string message = {};  ///< what(), or what happened in words
  std::uint64_t item = 0;
  std::uint64_t task = 0;
  int attempt = 0;
  int pool = 0;
  std::string node = {};
  int worker = 0;
  std::string output = {};  ///< the last lines the item's task printed
  std::string trace = {};   ///< stack trace of a crash or hang, one frame a line
};

/// Why an item has no value. Cheap to copy.
class remote_error : public std::exception {
 public:
  explicit remote_error(error_info info);
  const char* what() const noexcept override;  ///< the whole story in one text
  error_kind kind() const noexcept;            ///< `lost` for lost nodes and kills, else `failed`
  const error_info& info() const noexcept;
  clusterless::cause cause() const noexcept { return info().cause; }
  const std::string& type() const noexcept { return info().type; }
  const std::string& message() const noexcept { return info().message; }
  std::size_t item() const noexcept { return static_cast<std::size_t>(info().item); }
  std::size_t task() const noexcept { return static_cast<std::size_t>(info().task); }
  int attempt() const noexcept { return info().attempt; }
  int pool() const noexcept { return info().pool; }
  const std::string& node() const noexcept { return info().node; }
  int worker() const noexcept { return info().worker; }
  const std::string& output() const noexcept { return info().output; }
  const std::string& trace() const noexcept { return info().trace; }

 private:
  struct state;
  std::shared_ptr<const state> state_;
};

}  // namespace clusterless
