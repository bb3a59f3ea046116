// SPDX-License-Identifier: MIT
// The way through the items of a task, so that its log tells of them in their order. When an item
// fails, those behind it go on in a new run; when others before it were finished but not told
// (their process died), they are run once more first. Decides nothing about further attempts.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include <clusterless/error.hpp>

#include "core/job_book.hpp"

namespace clusterless::task {

class item_steps {
 public:
  /// `keep_going`: whether items behind a failed one are run.
  item_steps(core::piece items, bool keep_going);

  /// A failure that everything before it has been told of; the next step is after it.
  std::optional<error_info> take_failure();
  /// The items to run now; nothing when all was told. Ask for a failure first.
  std::optional<core::piece> items() const;
  /// The next `count` of items() have outcomes.
  void succeeded(std::uint64_t count);
  /// After `unreported` more of items() one failed.
  void failed(std::uint64_t unreported, error_info why);
  /// Gives up what is not run: true when a failure is behind it, now the next step. `not_run`
  /// counts items up to there.
  bool skip_to_failure(std::uint64_t& not_run);

 private:
  using step = std::variant<core::piece, error_info>;
  void drop_empty();

  std::deque<step> steps_;
  bool keep_going_;
};

}  // namespace clusterless::task
