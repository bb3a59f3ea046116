// SPDX-License-Identifier: MIT
#include "os/segments.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include <clusterless/codec.hpp>
#include <clusterless/error.hpp>

#include "core/defaults.hpp"

namespace clusterless::os {

std::size_t recycled_limit() {
  static const std::size_t limit =
      std::max(static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) *
                   static_cast<std::size_t>(::sysconf(_SC_PAGE_SIZE)) / defaults::recycled_share,
               defaults::recycled_at_least);
  return limit;
}

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr int collapse_advice = 25;  // MADV_COLLAPSE, from Linux 6.1 on

std::size_t capacity_for(std::size_t bytes) {
  return std::max(std::bit_ceil(bytes), detail::segment_threshold);
}

/// Maps the whole of `fd`; in every process where its huge pages, if it has any, are mapped whole.
std::byte* map_fd(int fd, std::size_t capacity, bool writable) {
  const int access = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  if (capacity < huge_page) {
    void* at = ::mmap(nullptr, capacity, access, MAP_SHARED, fd, 0);
    return at == MAP_FAILED ? nullptr : static_cast<std::byte*>(at);
  }
  void* room = ::mmap(nullptr, capacity + huge_page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return nullptr;
  auto* first = static_cast<std::byte*>(room);
  const auto past = reinterpret_cast<std::uintptr_t>(first) % huge_page;
  const std::size_t before = past == 0 ? 0 : huge_page - past;
  void* at = ::mmap(first + before, capacity, access, MAP_SHARED | MAP_FIXED, fd, 0);
  if (at == MAP_FAILED) {
    ::munmap(room, capacity + huge_page);
    return nullptr;
  }
  if (before != 0) ::munmap(first, before);
  ::munmap(first + before + capacity, huge_page - before);
  return static_cast<std::byte*>(at);
}

// Where huge pages of shared memory are not given unasked (the default), the kernel still gathers
// what is there into them on request. To be gathered, a page of each has to be there.
void gather_pages(shared_segment& segment, std::size_t bytes) {
  static std::atomic<bool> refused{false};
  const std::size_t end = bytes / huge_page * huge_page;
  if (end <= segment.gathered || refused.load(std::memory_order_relaxed)) return;
  for (std::size_t at = segment.gathered; at < end; at += huge_page)
    segment.data[at] = std::byte{0};
  if (::madvise(segment.data + segment.gathered, end - segment.gathered, collapse_advice) != 0 &&
      errno == EINVAL)
    refused.store(true, std::memory_order_relaxed);
  segment.gathered = end;
}

/// Segments of this process that nobody holds at the moment, by size. Lives as long as the process,
/// since segments may be freed by static destructors.
class recycler {
 public:
  static recycler& instance() {
    static auto* only = new recycler;
    return *only;
  }

  detail::segment_ptr allocate(std::size_t bytes) {
    const std::size_t capacity = capacity_for(bytes);
    const auto size_class = static_cast<std::size_t>(std::countr_zero(capacity));
    std::unique_ptr<shared_segment> found;
    {
      const std::lock_guard lock(mutex_);
      auto& free = free_[size_class];
      if (!free.empty()) {
        found = std::move(free.back());
        free.pop_back();
        cached_ -= capacity;
      }
    }
    if (!found) found = make(capacity);
    gather_pages(*found, bytes);
    return {found.release(),
            [](detail::segment* s) { instance().give_back(static_cast<shared_segment*>(s)); }};
  }

 private:
  static std::unique_ptr<shared_segment> make(std::size_t capacity) {
    static std::atomic<std::uint32_t> count{0};
    auto made = std::make_unique<shared_segment>();
    made->fd = ::memfd_create("clusterless", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (made->fd < 0) {
      if (errno == EMFILE || errno == ENFILE)
        throw error(error_kind::busy,
                    "too many open files for another shared memory segment: raise the limit "
                    "(ulimit -n) or keep fewer large results at a time");
      throw std::bad_alloc();
    }
    if (::ftruncate(made->fd, static_cast<off_t>(capacity)) != 0 ||
        ::fcntl(made->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0 ||
        (made->data = map_fd(made->fd, capacity, true)) == nullptr) {
      ::close(made->fd);
      throw std::bad_alloc();
    }
    made->capacity = capacity;
    made->name = static_cast<std::uint64_t>(::getpid()) << 32 | ++count;
    made->id = made->name;
    return made;
  }

  void give_back(shared_segment* segment) {
    std::unique_ptr<shared_segment> owned(segment);
    owned->id = owned->name;
    {
      const std::lock_guard lock(mutex_);
      if (cached_ + owned->capacity <= recycled_limit()) {
        cached_ += owned->capacity;
        free_[static_cast<std::size_t>(std::countr_zero(owned->capacity))].push_back(
            std::move(owned));
        return;
      }
    }
    ::munmap(owned->data, owned->capacity);
    ::close(owned->fd);
  }

  std::mutex mutex_;
  std::array<std::vector<std::unique_ptr<shared_segment>>, 64> free_;
  std::size_t cached_ = 0;
};

}  // namespace

struct received_segments::use_of {
  std::shared_ptr<received_segments> table;
  void operator()(detail::segment* segment) const {
    table->let_go(shared_part(*segment).name);
    delete static_cast<shared_segment*>(segment);
  }
};

received_segments::~received_segments() {
  for (auto& [id, mapped] : mappings_) {
    ::munmap(mapped.data, mapped.capacity);
    ::close(mapped.fd);
  }
}

bool received_segments::known(std::uint64_t name) const {
  const std::lock_guard lock(mutex_);
  return mappings_.count(name) != 0;
}

bool received_segments::add(std::uint64_t name, int fd, std::size_t capacity, bool writable) {
  const std::lock_guard lock(mutex_);
  const bool known_already = mappings_.count(name) != 0;
  std::byte* data = known_already ? nullptr : map_fd(fd, capacity, writable);
  if (data == nullptr) {
    ::close(fd);
    return known_already;
  }
  mappings_[name] = {data, capacity, fd, 0};
  return true;
}

detail::segment_ptr received_segments::use(std::uint64_t name, std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = mappings_.find(name);
  if (found == mappings_.end()) return nullptr;
  auto segment = std::make_unique<shared_segment>();
  segment->data = found->second.data;
  segment->capacity = found->second.capacity;
  segment->fd = found->second.fd;
  segment->name = name;
  segment->id = id;
  segment->writable = false;
  ++found->second.holders;
  return {segment.release(), use_of{shared_from_this()}};
}

void received_segments::let_go(std::uint64_t name) {
  const std::lock_guard lock(mutex_);
  const auto found = mappings_.find(name);
  if (found == mappings_.end()) return;
  --found->second.holders;
  released_.push_back(name);
}

bool received_segments::any_released() const {
  const std::lock_guard lock(mutex_);
  return !released_.empty();
}

void received_segments::take_released(std::vector<std::uint64_t>& released) {
  const std::lock_guard lock(mutex_);
  released.swap(released_);
  released_.clear();
}

void received_segments::forget(std::uint64_t name) {
  const std::lock_guard lock(mutex_);
  const auto found = mappings_.find(name);
  if (found == mappings_.end() || found->second.holders != 0) return;
  ::munmap(found->second.data, found->second.capacity);
  ::close(found->second.fd);
  mappings_.erase(found);
}

}  // namespace clusterless::os

namespace clusterless::detail {

segment_ptr allocate_segment(std::size_t bytes) {
  if (bytes > (std::size_t{1} << 46)) throw std::bad_alloc();
  return os::recycler::instance().allocate(bytes);
}

void reach_ahead(std::size_t bytes) noexcept {
  constexpr std::size_t mapped_alone = std::size_t{32} << 20;  // glibc: never in the heap
  if (bytes < 2 * os::huge_page || bytes >= mapped_alone) return;
  void* volatile taken = std::malloc(bytes + 2 * os::huge_page);
  std::free(taken);
}

// Values that follow each other in the heap share huge pages: who fills the first part of one with
// small pages leaves small ones for the rest, which takes longer than all else.
void advise_huge(void* at, std::size_t bytes) noexcept {
  constexpr std::uintptr_t huge = os::huge_page;
  if (bytes < 2 * huge) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  const auto heap_end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  const auto from = (begin + huge - 1) & ~(huge - 1);
  auto to = (begin + bytes) & ~(huge - 1);
  if (to + huge <= heap_end) to += huge;
  if (to > from) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
}

segment_ptr find_segment(const segment_list* beside, std::uint64_t id) {
  if (beside != nullptr)
    for (const auto& segment : *beside)
      if (segment && segment->id == id) return segment;
  throw codec_error("clusterless: a value refers to a memory segment that was not sent with it");
}

}  // namespace clusterless::detail
