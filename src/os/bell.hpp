// SPDX-License-Identifier: MIT
// How many processes wake one: a shared page that says who has something to tell and whether the
// listener sleeps, and an eventfd that is only rung when it does.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "os/unique_fd.hpp"

namespace clusterless::os {

inline constexpr std::size_t max_ringers = 16384;

struct bell_page {
  alignas(64) std::atomic<std::uint32_t> sleeping{0};
  alignas(64) std::atomic<std::uint64_t> told[max_ringers / 64];
};

/// The listening end.
class bell {
 public:
  bell();
  ~bell();
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;

  int page_fd() const noexcept { return page_fd_.get(); }
  int event_fd() const noexcept { return event_fd_.get(); }
  /// A number for a new ringer, or -1 when there are too many.
  int take_number();
  void give_back(int number);

  /// Calls `use(number)` for every ringer that told since the last time; false when none did.
  template <class Use>
  bool collect(Use&& use) {
    bool any = false;
    for (std::size_t word = 0; word < words_; ++word) {
      if (page_->told[word].load(std::memory_order_relaxed) == 0) continue;
      std::uint64_t bits = page_->told[word].exchange(0, std::memory_order_acq_rel);
      any = any || bits != 0;
      while (bits != 0) {
        const int bit = __builtin_ctzll(bits);
        bits &= bits - 1;
        use(static_cast<int>(word * 64) + bit);
      }
    }
    return any;
  }
  bool anything() const noexcept;
  /// Announces sleep; false when something was told meanwhile, then do not sleep. After waking
  /// call awake(). Who dozes is not rung for what is told, and has to look now and then.
  bool fall_asleep(bool doze = false) noexcept;
  void awake() noexcept;
  /// Another thread listens for a while, so nothing need be rung; or it has stopped, and the
  /// sleeper is to be woken again, also one that dozes.
  void attend(bool begin) noexcept;
  /// The other thread has stopped, and a sleeper that dozes may go on.
  void leave() noexcept {
    if (!dozing_) attend(false);
  }
  void ring() noexcept;

 private:
  unique_fd page_fd_;
  unique_fd event_fd_;
  bell_page* page_ = nullptr;
  std::size_t words_ = 0;
  bool asleep_ = false;
  bool dozing_ = false;
  std::vector<int> free_;
};

/// The ringing end, in another process.
class bell_ringer {
 public:
  bell_ringer() = default;
  bell_ringer(bell_page* page, int event_fd, int number)
      : page_(page), event_fd_(event_fd), number_(number) {}
  void tell() noexcept;

 private:
  bell_page* page_ = nullptr;
  int event_fd_ = -1;
  int number_ = 0;
};

}  // namespace clusterless::os
