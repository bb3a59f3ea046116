// SPDX-License-Identifier: MIT
// What the engine's service thread has to tell, until the client's thread takes it. The one place
// where the two threads meet, with the inbox the other way.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.hpp"
#include "os/event_fd.hpp"

namespace clusterless::engine {

class outbox {
 public:
  using telling = std::function<void(events&)>;

  /// What is taken together.
  struct content {
    std::vector<telling> told = {};
    std::vector<std::uint64_t> over = {};  ///< keys of tasks that ended in it
  };

  /// From any thread.
  void put(telling what);
  /// All of them are taken together, and the end of task `over` with them.
  void put(std::vector<telling> what, std::optional<std::uint64_t> over = {});
  void ring() noexcept { bell_.ring(); }
  /// An eventfd that is readable when there is something, or ring() was called.
  int bell() const noexcept { return bell_.fd(); }
  void silence() noexcept { bell_.silence(); }
  content take();
  bool empty() const;
  /// Something that the run leaves behind, and why, as one line; for the user, after the end.
  void leave(std::string what);
  std::vector<std::string> left();

 private:
  mutable std::mutex mutex_;
  content waiting_;
  std::vector<std::string> left_;
  os::event_fd bell_;
};

/// Work for the service thread, in its order.
class inbox {
 public:
  using work = std::function<void()>;
  void put(work what);
  std::vector<work> take();

 private:
  std::mutex mutex_;
  std::vector<work> waiting_;
};

}  // namespace clusterless::engine
