// SPDX-License-Identifier: MIT
// An outcome: what became of one item, a value or an error, never a hole.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <clusterless/error.hpp>

namespace clusterless {

/// The result of a function that returns nothing.
struct none {
  friend bool operator==(const none&, const none&) = default;
};

/// What became of one item. `R` is the mapped function's result (`none` for void).
template <class R>
class outcome {
 public:
  outcome(std::size_t item, R value) : item_(item), value_(std::move(value)) {}
  outcome(std::size_t item, remote_error error) : item_(item), error_(std::move(error)) {}

  explicit operator bool() const noexcept { return value_.has_value(); }
  std::size_t item() const noexcept { return item_; }  ///< position in the input, from 0

  /// The value; throws the item's remote_error when there is none.
  const R& value() const& {
    if (!value_) throw *error_;
    return *value_;
  }
  R&& value() && {
    if (!value_) throw *error_;
    return std::move(*value_);
  }
  /// The error; only when there is no value, else throws `error` (misuse).
  const remote_error& error() const {
    if (!error_)
      throw clusterless::error(error_kind::misuse, "outcome::error(): this item has a value");
    return *error_;
  }

 private:
  std::size_t item_;
  std::optional<R> value_;
  std::optional<remote_error> error_;
};

}  // namespace clusterless
