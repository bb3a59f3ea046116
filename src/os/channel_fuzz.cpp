// SPDX-License-Identifier: MIT
// A worker that has gone wild: whatever it writes into its ring and sends over its socket, the
// supervisor gets messages that can be read, or a broken channel. The input is a list of deeds,
// each a letter and what belongs to it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <clusterless/codec.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/detail/pack.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/defaults.hpp"
#include "os/bell.hpp"
#include "os/channel.hpp"

namespace {

using namespace clusterless;

constexpr std::size_t ring_bytes = defaults::ring_bytes;

class input {
 public:
  input(const std::uint8_t* from, std::size_t n) : at_(from), end_(from + n) {}
  bool empty() const { return at_ == end_; }
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    bytes = std::min(bytes, left());
    std::memcpy(&value, at_, bytes);
    at_ += bytes;
    return value;
  }
  std::vector<std::uint8_t> take(std::size_t n) {
    n = std::min(n, left());
    at_ += n;
    return {at_ - n, at_};
  }

 private:
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

/// The worker's end, as raw memory and a socket.
class wild_worker {
 public:
  explicit wild_worker(const os::channel::peer_fds& fds) : socket_(fds.socket.get()) {
    struct stat facts {};
    if (::fstat(fds.area.get(), &facts) != 0) std::abort();
    size_ = static_cast<std::size_t>(facts.st_size);
    void* at = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fds.area.get(), 0);
    if (at == MAP_FAILED) std::abort();
    base_ = static_cast<std::byte*>(at);
  }
  ~wild_worker() { ::munmap(base_, size_); }
  wild_worker(const wild_worker&) = delete;
  wild_worker& operator=(const wild_worker&) = delete;

  os::channel_area& area() { return *reinterpret_cast<os::channel_area*>(base_); }
  /// Writes into the ring to the supervisor and moves its head.
  void write(const void* from, std::size_t n) {
    std::byte* up = base_ + size_ - ring_bytes;
    for (std::size_t i = 0; i < n; ++i)
      up[(head_ + i) % ring_bytes] = static_cast<const std::byte*>(from)[i];
    head_ += n;
    area().up.head.store(head_);
  }
  void move_head(std::uint64_t to) { area().up.head.store(head_ = to); }

  void send_segment(std::uint64_t id, std::size_t bytes, bool sealed) {
    const os::unique_fd fd(::memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) std::abort();
    if (sealed) ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
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
    const int number = fd.get();
    std::memcpy(CMSG_DATA(item), &number, sizeof number);
    ::sendmsg(socket_, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  void send_bytes(const std::vector<std::uint8_t>& what) {
    ::send(socket_, what.data(), what.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }

 private:
  int socket_;
  std::size_t size_ = 0;
  std::byte* base_ = nullptr;
  std::uint64_t head_ = 0;
};

void write_frame(wild_worker& by, input& in) {
  const auto type = static_cast<std::uint16_t>(in.number(1));
  const auto segments = static_cast<std::uint16_t>(in.number(1) % 4);
  const std::vector<std::uint8_t> ids = in.take(segments);
  const std::vector<std::uint8_t> fixed = in.take(in.number(1));
  const bool in_segment = segments != 0 && (in.number(1) & 1) != 0;
  const std::vector<std::uint8_t> payload = in.take(in_segment ? 0 : in.number(1));
  const auto size = static_cast<std::uint32_t>(
      (32 + 16 * segments + fixed.size() + payload.size() + 7) & ~std::size_t{7});
  std::vector<std::uint8_t> frame(size);
  const auto put = [&frame](std::size_t at, std::uint64_t value, std::size_t bytes) {
    std::memcpy(frame.data() + at, &value, bytes);
  };
  put(0, size, 4);
  put(4, type, 2);
  put(6, segments, 2);
  put(8, fixed.size(), 4);
  put(12, in_segment ? 1 : 0, 4);
  put(16, in_segment ? in.number(3) : payload.size(), 8);
  put(24, in_segment ? in.number(3) : 0, 8);
  for (std::size_t i = 0; i < ids.size(); ++i)
    put(32 + 16 * i, ids[i], 8);
  std::copy(fixed.begin(), fixed.end(), frame.begin() + 32 + 16 * segments);
  std::copy(payload.begin(), payload.end(),
            frame.begin() + static_cast<std::ptrdiff_t>(32 + 16 * segments + fixed.size()));
  by.write(frame.data(), frame.size());
}

void deed(wild_worker& by, input& in) {
  switch (in.number(1) % 6) {
    case 0:
      write_frame(by, in);
      break;
    case 1: {
      const auto raw = in.take(in.number(1));
      by.write(raw.data(), raw.size());
      break;
    }
    case 2: {
      const std::uint64_t id = in.number(1);
      const std::uint64_t size = in.number(1);
      by.send_segment(id, (size >> 1) * 4096, (size & 1) != 0);
      break;
    }
    case 3:
      by.send_bytes(in.take(in.number(1)));
      break;
    case 4:
      by.move_head(in.number(8));
      break;
    default:
      by.area().down.tail.store(in.number(8));
      break;
  }
}

/// Reads all of a message, as the session does.
void use(const os::message& got) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < got.fixed_size; ++i)
    sum += std::to_integer<std::uint64_t>(got.fixed[i]);
  for (std::size_t i = 0; i < got.size; ++i)
    sum += std::to_integer<std::uint64_t>(got.data[i]);
  volatile std::uint64_t keep = sum;
  (void)keep;
  if (got.shared) {
    const auto offset = static_cast<std::size_t>(got.data - got.shared->data);
    if (got.data < got.shared->data || offset > got.shared->capacity ||
        got.size > got.shared->capacity - offset)
      std::abort();
  } else if (got.size > ring_bytes) {
    std::abort();
  }
  if (got.type == wire::type::item_failed) {
    try {
      detail::decode_error(got.data, got.size);
    } catch (const codec_error&) {
    }
  }
  const auto values = wire::fixed_part<wire::outcomes>(got.fixed, got.fixed_size);
  if (values && detail::is_pack(got.data, got.size, values->count)) {
    detail::pack_cursor cursor(got.data, got.size);
    detail::entry_view entry;
    std::uint64_t found = 0;
    while (cursor.next(entry))
      ++found;
    if (found != values->count) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static os::bell bell;
  os::channel::peer_fds peer;
  os::channel supervisor(bell, peer);
  wild_worker worker(peer);
  input in(data, size);
  while (!in.empty() && !supervisor.broken()) {
    deed(worker, in);
    os::message got;
    for (int i = 0; i < 64 && supervisor.receive(got); ++i) {
      use(got);
      supervisor.done(got);
    }
    supervisor.flush();
    supervisor.send(wire::type::quit, nullptr, 0);
  }
  return 0;
}
