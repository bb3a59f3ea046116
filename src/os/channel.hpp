// SPDX-License-Identifier: MIT
// A two-way message channel between a supervisor and one of its processes on the same machine: a
// ring each way in shared memory, large payloads as segments whose descriptors cross a socket once.
// Neither end blocks in send: what does not fit waits in this process. A malformed frame makes the
// channel broken, never the reader.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <clusterless/detail/segment.hpp>

#include "core/wire.hpp"
#include "os/bell.hpp"
#include "os/crash_report.hpp"
#include "os/ring.hpp"
#include "os/segments.hpp"
#include "os/spin.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::os {

/// The shared words of a channel; the rings' bytes follow.
struct channel_area {
  ring_control down;                                  ///< supervisor to process
  ring_control up;                                    ///< process to supervisor
  alignas(64) std::atomic<std::uint64_t> running{0};  ///< 1 + index in the current run, 0: none
  std::atomic<std::uint64_t> run_key{0};
  /// Keys of runs that were sent to wait behind another. Whoever sets one back to 0 has the run:
  /// the process to begin it, or the supervisor to give it to somebody else. Two, as one may not be
  /// begun yet when the next is sent.
  std::atomic<std::uint64_t> claims[2] = {};
  std::atomic<std::uint64_t> stop{0};   ///< key of the job's run that is to stop
  std::atomic<std::uint64_t> asked{0};  ///< key of the last one whose items asked for that
  crash_record crash;
};

/// A payload: bytes to copy, or a range of a segment to pass on.
struct payload {
  const std::byte* data = nullptr;
  std::size_t size = 0;
  detail::segment_ptr shared = {};  ///< when set, `data` lies in it
};

/// The bytes of `text`, which must be there until they are sent.
inline payload payload_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size(), {}};
}

/// A received message; valid until done().
struct message {
  wire::type type{};
  const std::byte* fixed = nullptr;
  std::size_t fixed_size = 0;
  const std::byte* data = nullptr;
  std::size_t size = 0;
  detail::segment_ptr shared = {};  ///< holds `data` when it came as a segment
  detail::segment_list beside = {};
};

class channel {
 public:
  /// The supervisor's end. `peer` gets the descriptors for the process's end.
  struct peer_fds {
    unique_fd socket;
    unique_fd area;
  };
  channel(bell& wake_me, peer_fds& peer);
  /// The process's end, from the descriptors that came over `socket`.
  channel(unique_fd socket, unique_fd area, unique_fd bell_page, unique_fd bell_event, int number);
  ~channel();
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Sends now or as soon as there is room.
  void send(wire::type type, const void* fixed, std::size_t fixed_size, payload what = {},
            const detail::segment_list& beside = {});
  template <class T>
  void send(wire::type type, const T& fixed, payload what = {},
            const detail::segment_list& beside = {}) {
    send(type, &fixed, sizeof fixed, std::move(what), beside);
  }
  /// The next message if there is one. Releases of segments are dealt with here.
  bool receive(message& out);
  /// Lets go of the message last received.
  void done(message& received);
  /// Sends what waits, and releases. True when something still waits.
  bool flush();
  bool broken() const noexcept { return broken_; }

  /// Process's end: looks for a message for a short while; false when none came.
  bool wait_awake();
  /// Process's end: sleeps until there may be a message.
  void wait_asleep();

  channel_area& area() noexcept { return *area_; }
  int socket_fd() const noexcept { return socket_.get(); }
  int number() const noexcept { return number_; }

 private:
  struct waiting_frame {
    std::vector<std::byte> bytes;
    detail::segment_list segments;
  };
  void map_area(int fd);
  bool push(const std::byte* frame, std::size_t size, const detail::segment_list& segments);
  bool pass_descriptors(const detail::segment_list& segments);
  void wake_peer();
  bool receive_descriptors(std::uint64_t wanted);
  bool parse(message& out, std::size_t& total);
  void take_release(const message& received);
  void wait_for_room();

  bool supervisor_;
  unique_fd socket_;
  channel_area* area_ = nullptr;
  std::byte* down_bytes_ = nullptr;
  std::byte* up_bytes_ = nullptr;
  ring_writer writer_;
  ring_reader reader_;
  ring_control* out_control_ = nullptr;
  ring_control* in_control_ = nullptr;
  bell_page* bell_page_ = nullptr;
  unique_fd bell_event_;
  bell_ringer ringer_;
  spin spin_;
  bell* bell_ = nullptr;
  int number_ = -1;
  std::deque<waiting_frame> waiting_;
  std::vector<std::byte> frame_;
  /// A segment whose descriptor the peer has, by name.
  struct known_segment {
    detail::segment_ptr held = {};  ///< while the peer uses it
    std::uint64_t uses = 0;
    std::size_t capacity = 0;
    std::uint64_t last_use = 0;
  };
  void forget_surplus();
  std::unordered_map<std::uint64_t, known_segment> peer_knows_;
  std::vector<std::uint64_t> to_forget_;
  std::size_t unused_bytes_ = 0;  ///< of what the peer has mapped and does not use
  std::uint64_t uses_ = 0;
  std::shared_ptr<received_segments> received_;
  std::size_t pending_consume_ = 0;
  bool broken_ = false;
};

}  // namespace clusterless::os
