// SPDX-License-Identifier: MIT
#include "os/bell.hpp"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "os/fail.hpp"

namespace clusterless::os {

namespace {

/// False when the bell is not there any more.
bool ring_event(int fd) noexcept {
  const std::uint64_t one = 1;
  return ::write(fd, &one, sizeof one) == sizeof one || errno == EAGAIN;
}

/// Ends a process that nobody would hear of again; its end is heard.
[[noreturn]] void end_unheard() noexcept {
  constexpr char text[] = "clusterless: an item closed descriptors of its process; ending\n";
  [[maybe_unused]] const auto told = ::write(2, text, sizeof text - 1);
  ::_exit(120);
}

}  // namespace

bell::bell() : page_fd_(::memfd_create("clusterless-bell", MFD_CLOEXEC)) {
  event_fd_ = unique_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!page_fd_ || !event_fd_ || ::ftruncate(page_fd_.get(), sizeof(bell_page)) != 0)
    fail("shared memory for waking up");
  void* at =
      ::mmap(nullptr, sizeof(bell_page), PROT_READ | PROT_WRITE, MAP_SHARED, page_fd_.get(), 0);
  if (at == MAP_FAILED) fail("shared memory for waking up");
  page_ = static_cast<bell_page*>(at);
}

bell::~bell() {
  ::munmap(page_, sizeof(bell_page));
}

int bell::take_number() {
  if (free_.empty()) {
    if (words_ == max_ringers / 64) return -1;
    for (int bit = 63; bit >= 0; --bit)
      free_.push_back(static_cast<int>(words_ * 64) + bit);
    ++words_;
  }
  const int number = free_.back();
  free_.pop_back();
  return number;
}

void bell::give_back(int number) {
  free_.push_back(number);
}

bool bell::anything() const noexcept {
  for (std::size_t word = 0; word < words_; ++word)
    if (page_->told[word].load(std::memory_order_acquire) != 0) return true;
  return false;
}

bool bell::fall_asleep(bool doze) noexcept {
  asleep_ = true;
  dozing_ = doze;
  page_->sleeping.store(doze ? 0 : 1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!anything()) return true;
  awake();
  return false;
}

void bell::attend(bool begin) noexcept {
  if (!asleep_ || (begin && dozing_)) return;
  dozing_ = false;
  page_->sleeping.store(begin ? 0 : 1, std::memory_order_seq_cst);
  if (begin) return;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (anything()) ring();
}

void bell::awake() noexcept {
  asleep_ = false;
  dozing_ = false;
  page_->sleeping.store(0, std::memory_order_relaxed);
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(event_fd_.get(), &count, sizeof count);
}

void bell::ring() noexcept {
  ring_event(event_fd_.get());
}

void bell_ringer::tell() noexcept {
  page_->told[static_cast<std::size_t>(number_) / 64].fetch_or(std::uint64_t{1} << (number_ % 64),
                                                               std::memory_order_seq_cst);
  if (page_->sleeping.load(std::memory_order_seq_cst) != 0 &&
      page_->sleeping.exchange(0, std::memory_order_seq_cst) != 0 && !ring_event(event_fd_))
    end_unheard();
}

}  // namespace clusterless::os
