// SPDX-License-Identifier: MIT
// Frames over an encrypted stream between two hosts of a task. Sending never blocks: what the
// socket does not take waits here. Large payloads are read straight into segments, so that they go
// on to processes without another copy. A frame that makes no sense breaks the link, not the
// reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/wire.hpp"
#include "os/channel.hpp"
#include "os/tls_stream.hpp"

namespace clusterless::session {

/// A received frame.
struct link_frame {
  wire::link kind{};
  int member = 0;
  wire::type type{};
  std::vector<std::byte> fixed = {};
  std::vector<std::byte> small = {};  ///< the payload, when it is not in a segment
  detail::segment_ptr large = {};
  std::size_t size = 0;  ///< of the payload
  detail::segment_list beside = {};

  const std::byte* data() const noexcept { return large ? large->data : small.data(); }
  os::payload payload() const { return {data(), size, large}; }
};

/// What this end says first, and whether the other end said the same: nothing when `frame` is no
/// greeting, false when it is another build's.
wire::link_greeting own_greeting();
std::optional<bool> greets_alike(const link_frame& frame);

class host_link {
 public:
  /// From now on frames go over `stream`, which is open; those sent before go first.
  void attach(std::unique_ptr<os::tls_stream> stream) { stream_ = std::move(stream); }
  /// Gives the stream up, between two frames.
  std::unique_ptr<os::tls_stream> detach() { return std::move(stream_); }

  void send(wire::link kind, int member, wire::type type, const void* fixed, std::size_t fixed_size,
            const os::payload& what, const detail::segment_list& beside);
  template <class T>
  void send(wire::link kind, int member, const T& fixed, const os::payload& what = {}) {
    send(kind, member, wire::type{}, &fixed, sizeof fixed, what, {});
  }
  /// The next whole frame, if it is there.
  bool receive(link_frame& out);
  /// Writes what waits, as far as it goes; true when something still waits.
  bool flush();
  /// Nothing comes or goes any more, and why.
  bool over() const noexcept;
  std::string why() const;

 private:
  struct piece {
    std::vector<std::byte> own = {};
    detail::segment_ptr shared = {};
    const std::byte* data = nullptr;
    std::size_t size = 0;
  };
  /// A place that bytes which come next belong to.
  struct place {
    std::byte* at = nullptr;
    std::size_t size = 0;
  };
  enum class stage : std::uint8_t { head, table, body };
  void queue(const std::byte* data, std::size_t size, const detail::segment_ptr& shared);
  bool fill();
  bool begin_table();
  bool begin_body();

  std::unique_ptr<os::tls_stream> stream_;
  std::deque<piece> out_;
  stage stage_ = stage::head;
  wire::link_head head_{};
  std::vector<wire::link_segment> table_;
  link_frame frame_;
  std::deque<place> places_;
  std::string broken_;
  bool begun_ = false;
};

}  // namespace clusterless::session
