// SPDX-License-Identifier: MIT
#include "os/channel.hpp"

#include <fcntl.h>
#include <immintrin.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include <clusterless/error.hpp>

#include "core/defaults.hpp"
#include "os/channel_frame.hpp"
#include "os/fail.hpp"
#include "os/steady_clock.hpp"

namespace clusterless::os {

namespace {

constexpr std::size_t ring_bytes = defaults::ring_bytes;

std::size_t area_bytes() {
  constexpr std::size_t page = 4096;
  return (sizeof(channel_area) + page - 1) / page * page;
}

std::byte* map_twice(int fd, std::size_t offset) {
  void* both = ::mmap(nullptr, 2 * ring_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (both == MAP_FAILED) fail("shared memory for messages");
  auto* at = static_cast<std::byte*>(both);
  for (const std::size_t half : {std::size_t{0}, ring_bytes})
    if (::mmap(at + half, ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
               static_cast<off_t>(offset)) == MAP_FAILED)
      fail("shared memory for messages");
  return at;
}

long futex(std::atomic<std::uint32_t>& word, int op, std::uint32_t value) {
  return ::syscall(SYS_futex, &word, op, value, nullptr, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& sleeps) {
  if (sleeps.load(std::memory_order_relaxed) != 0 && sleeps.exchange(0) != 0)
    futex(sleeps, FUTEX_WAKE, 1);
}

bool send_descriptor(int socket, std::uint64_t id, int fd) {
  iovec part{&id, sizeof id};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* item = CMSG_FIRSTHDR(&header);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(item), &fd, sizeof fd);
  return ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof id);
}

}  // namespace

channel::channel(bell& wake_me, peer_fds& peer)
    : supervisor_(true),
      bell_(&wake_me),
      number_(wake_me.take_number()),
      received_(std::make_shared<received_segments>()) {
  if (number_ < 0) {
    errno = EAGAIN;
    fail("a channel to another process");
  }
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    fail("a socket to another process");
  socket_ = unique_fd(pair[0]);
  peer.socket = unique_fd(pair[1]);
  peer.area = unique_fd(::memfd_create("clusterless-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!peer.area ||
      ::ftruncate(peer.area.get(), static_cast<off_t>(area_bytes() + 2 * ring_bytes)) != 0 ||
      ::fcntl(peer.area.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    fail("shared memory for messages");
  map_area(peer.area.get());
  writer_ = ring_writer(&area_->down, down_bytes_, ring_bytes);
  reader_ = ring_reader(&area_->up, up_bytes_, ring_bytes);
  out_control_ = &area_->down;
  in_control_ = &area_->up;
}

channel::channel(unique_fd socket, unique_fd area, unique_fd bell_page, unique_fd bell_event,
                 int number)
    : supervisor_(false),
      socket_(std::move(socket)),
      bell_event_(std::move(bell_event)),
      number_(number),
      received_(std::make_shared<received_segments>()) {
  map_area(area.get());
  void* page = ::mmap(nullptr, sizeof(struct bell_page), PROT_READ | PROT_WRITE, MAP_SHARED,
                      bell_page.get(), 0);
  if (page == MAP_FAILED) fail("shared memory for waking up");
  bell_page_ = static_cast<struct bell_page*>(page);
  ringer_ = bell_ringer(bell_page_, bell_event_.get(), number);
  writer_ = ring_writer(&area_->up, up_bytes_, ring_bytes);
  reader_ = ring_reader(&area_->down, down_bytes_, ring_bytes);
  out_control_ = &area_->up;
  in_control_ = &area_->down;
}

channel::~channel() {
  if (bell_ != nullptr) bell_->give_back(number_);
  if (bell_page_ != nullptr) ::munmap(bell_page_, sizeof(struct bell_page));
  ::munmap(down_bytes_, 2 * ring_bytes);
  ::munmap(up_bytes_, 2 * ring_bytes);
  ::munmap(area_, area_bytes());
}

void channel::map_area(int fd) {
  void* at = ::mmap(nullptr, area_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) fail("shared memory for messages");
  area_ = static_cast<channel_area*>(at);
  down_bytes_ = map_twice(fd, area_bytes());
  up_bytes_ = map_twice(fd, area_bytes() + ring_bytes);
}

void channel::send(wire::type type, const void* fixed, std::size_t fixed_size, payload what,
                   const detail::segment_list& beside) {
  detail::segment_list segments;
  const bool by_segment = what.shared && what.size > defaults::inline_bytes / 16;
  if (!by_segment && what.size > defaults::inline_bytes) {
    what.shared = detail::allocate_segment(what.size);
    std::memcpy(what.shared->data, what.data, what.size);
    what.data = what.shared->data;
    return send(type, fixed, fixed_size, std::move(what), beside);
  }
  segments.reserve(beside.size() + (by_segment ? 1 : 0));
  if (by_segment) segments.push_back(what.shared);
  segments.insert(segments.end(), beside.begin(), beside.end());
  const std::size_t inlined = by_segment ? 0 : what.size;
  const std::size_t size =
      (sizeof(frame_head) + segments.size() * sizeof(segment_ref) + fixed_size + inlined + 7) &
      ~std::size_t{7};
  if (size > ring_bytes / 2) throw error(error_kind::misuse, "a message has too many segments");
  const frame_head head{static_cast<std::uint32_t>(size),
                        static_cast<std::uint16_t>(type),
                        static_cast<std::uint16_t>(segments.size()),
                        static_cast<std::uint32_t>(fixed_size),
                        by_segment,
                        what.size,
                        by_segment ? static_cast<std::uint64_t>(what.data - what.shared->data) : 0};
  const auto write_frame = [&](std::byte* at) {
    std::memcpy(at, &head, sizeof head);
    at += sizeof head;
    for (const auto& segment : segments) {
      const segment_ref ref{shared_part(*segment).name, segment->id};
      std::memcpy(at, &ref, sizeof ref);
      at += sizeof ref;
    }
    if (fixed_size != 0) std::memcpy(at, fixed, fixed_size);
    if (inlined != 0) std::memcpy(at + fixed_size, what.data, inlined);
  };
  if (waiting_.empty()) {
    std::byte* room = writer_.room(size);
    if (room != nullptr && pass_descriptors(segments)) {
      write_frame(room);
      writer_.publish(size);
      wake_peer();
      return;
    }
  }
  waiting_frame later;
  later.bytes.resize(size);
  write_frame(later.bytes.data());
  later.segments = std::move(segments);
  waiting_.push_back(std::move(later));
  if (!supervisor_) wait_for_room();
}

// The segments' descriptors go first, so that they are there when the frame is seen. Passing them
// twice does no harm, passing none would.
bool channel::pass_descriptors(const detail::segment_list& segments) {
  for (const auto& segment : segments) {
    const auto& part = shared_part(*segment);
    if (peer_knows_.count(part.name) != 0) continue;
    if (!send_descriptor(socket_.get(), part.name, part.fd)) return false;
    peer_knows_[part.name].capacity = part.capacity;
    unused_bytes_ += part.capacity;
  }
  for (const auto& segment : segments) {
    auto& known = peer_knows_[shared_part(*segment).name];
    if (known.uses++ == 0) unused_bytes_ -= known.capacity;
    known.held = segment;
    known.last_use = ++uses_;
  }
  return true;
}

// The peer keeps mappings for the next use. It is for this side to say which to drop, in the order
// of messages: the peer cannot know what is on its way.
void channel::forget_surplus() {
  while (unused_bytes_ > recycled_limit()) {
    auto oldest = peer_knows_.end();
    for (auto it = peer_knows_.begin(); it != peer_knows_.end(); ++it)
      if (it->second.uses == 0 &&
          (oldest == peer_knows_.end() || it->second.last_use < oldest->second.last_use))
        oldest = it;
    unused_bytes_ -= oldest->second.capacity;
    to_forget_.push_back(oldest->first);
    peer_knows_.erase(oldest);
  }
}

void channel::wake_peer() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (supervisor_)
    futex_wake(out_control_->reader_sleeps);
  else
    ringer_.tell();
}

bool channel::flush() {
  forget_surplus();
  if (received_->any_released() || !to_forget_.empty()) {
    std::vector<std::uint64_t> names;
    received_->take_released(names);
    const release_counts counts{names.size(), to_forget_.size()};
    names.insert(names.end(), to_forget_.begin(), to_forget_.end());
    to_forget_.clear();
    send(wire::type::release_segments, counts,
         {reinterpret_cast<const std::byte*>(names.data()),
          names.size() * sizeof(std::uint64_t),
          {}});
  }
  while (!waiting_.empty()) {
    auto& next = waiting_.front();
    std::byte* room = writer_.room(next.bytes.size());
    if (room == nullptr || !pass_descriptors(next.segments)) {
      out_control_->writer_sleeps.store(1, std::memory_order_seq_cst);
      return true;
    }
    std::memcpy(room, next.bytes.data(), next.bytes.size());
    writer_.publish(next.bytes.size());
    waiting_.pop_front();
    wake_peer();
  }
  return false;
}

void channel::wait_for_room() {
  // The supervisor reads whenever it is told, so this is short, unless its program is stopped.
  for (int turns = 0; flush(); ++turns) {
    if (turns < 1000)
      ::sched_yield();
    else
      ::usleep(200);
  }
}

bool channel::wait_awake() {
  if (reader_.available() != 0) return true;
  spin_.part();
  const std::int64_t until = steady_ns() + defaults::spin_ns;
  spin_.begin();
  do {
    _mm_pause();
    if (reader_.available() == 0) continue;
    spin_.answered();
    return true;
  } while (!spin_.again() || steady_ns() < until);
  return false;
}

void channel::wait_asleep() {
  auto& sleeps = in_control_->reader_sleeps;
  sleeps.store(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (reader_.available() == 0) futex(sleeps, FUTEX_WAIT, 1);
  sleeps.store(0, std::memory_order_relaxed);
}

}  // namespace clusterless::os
