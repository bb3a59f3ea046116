// SPDX-License-Identifier: MIT
// The receiving half of a channel. Nothing that arrives is trusted: the other end may have gone
// wild.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <cstring>
#include <utility>

#include "os/channel.hpp"
#include "os/channel_frame.hpp"

namespace clusterless::os {

bool channel::receive_descriptors(std::uint64_t wanted) {
  while (!received_->known(wanted)) {
    std::uint64_t id = 0;
    iovec part{&id, sizeof id};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const cmsghdr* item = got < 0 ? nullptr : CMSG_FIRSTHDR(&header);
    if (item == nullptr || item->cmsg_type != SCM_RIGHTS) return false;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(item), sizeof fd);
    unique_fd owned(fd);
    if (got != static_cast<ssize_t>(sizeof id)) return false;
    struct stat facts {};
    // A segment that could shrink under the reader would kill it.
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (::fstat(fd, &facts) != 0 || seals < 0 || (seals & F_SEAL_SHRINK) == 0) return false;
    if (!received_->add(id, owned.release(), static_cast<std::size_t>(facts.st_size), false))
      return false;
  }
  return true;
}

bool channel::parse(message& out, std::size_t& total) {
  const std::size_t available = reader_.available();
  const std::byte* at = reader_.data();
  frame_head head;
  if (available < sizeof head) return false;
  std::memcpy(&head, at, sizeof head);
  const std::size_t fixed_at = sizeof head + head.segments * sizeof(segment_ref);
  const std::size_t inlined = head.in_segment != 0 ? 0 : static_cast<std::size_t>(head.payload);
  if (head.size > available || head.size % 8 != 0 || head.size < fixed_at ||
      head.fixed > head.size - fixed_at || inlined > head.size - fixed_at - head.fixed ||
      (head.in_segment != 0 && head.segments == 0))
    return false;
  out.type = static_cast<wire::type>(head.type);
  out.fixed = at + fixed_at;
  out.fixed_size = head.fixed;
  out.beside.clear();
  for (std::uint16_t i = 0; i < head.segments; ++i) {
    segment_ref ref;
    std::memcpy(&ref, at + sizeof head + i * sizeof ref, sizeof ref);
    if (!receive_descriptors(ref.name)) return false;
    auto segment = received_->use(ref.name, ref.id);
    if (!segment) return false;
    out.beside.push_back(std::move(segment));
  }
  if (head.in_segment != 0) {
    out.shared = std::move(out.beside.front());
    out.beside.erase(out.beside.begin());
    if (head.payload > out.shared->capacity || head.offset > out.shared->capacity - head.payload)
      return false;
    out.data = out.shared->data + head.offset;
  } else {
    out.shared = nullptr;
    out.data = at + fixed_at + head.fixed;
  }
  out.size = static_cast<std::size_t>(head.payload);
  total = head.size;
  return true;
}

bool channel::receive(message& out) {
  while (!broken_ && reader_.available() != 0) {
    std::size_t total = 0;
    if (!reader_.sound() || !parse(out, total)) {
      broken_ = true;
      return false;
    }
    pending_consume_ = total;
    if (out.type != wire::type::release_segments) return true;
    take_release(out);
    done(out);
  }
  return false;
}

void channel::done(message& received) {
  received.shared = nullptr;
  received.beside.clear();
  if (pending_consume_ == 0) return;
  reader_.consume(std::exchange(pending_consume_, 0));
  if (in_control_->writer_sleeps.load(std::memory_order_relaxed) != 0 &&
      in_control_->writer_sleeps.exchange(0) != 0 && !supervisor_)
    ringer_.tell();
}

void channel::take_release(const message& received) {
  const auto counts = wire::fixed_part<release_counts>(received.fixed, received.fixed_size);
  const std::size_t ids = received.size / sizeof(std::uint64_t);
  if (!counts || counts->released > ids || counts->forgotten != ids - counts->released) {
    broken_ = true;
    return;
  }
  for (std::size_t i = 0; i < ids; ++i) {
    std::uint64_t id = 0;
    std::memcpy(&id, received.data + i * sizeof id, sizeof id);
    if (i >= counts->released) {
      received_->forget(id);
      continue;
    }
    const auto found = peer_knows_.find(id);
    if (found == peer_knows_.end() || found->second.uses == 0 || --found->second.uses != 0)
      continue;
    found->second.held = nullptr;
    unused_bytes_ += found->second.capacity;
  }
}

}  // namespace clusterless::os
