// SPDX-License-Identifier: MIT
// What a dying worker leaves behind: its signal and its call stack, written by a signal handler
// into memory that the supervisor shares and reads after the death. Promises to allocate nothing,
// take no lock, and end by the same signal, so that the wait status stays true. Names and lines are
// found later, elsewhere, by os/symbolise.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace clusterless::os {

/// The signal by which a supervisor asks a hanging worker for its stack. From its parent it is the
/// last thing a thread gets: the record is written and the thread stays where it is, until the
/// process is killed. A call that waited must not return to an item that is over, which would take
/// its EINTR for the end of a wait. From others it is answered and the thread goes on. Threads that
/// never run items should block it, so that it reaches one that does.
inline constexpr int stack_request_signal = SIGQUIT;

/// A piece of a mapped file that holds at least one of the recorded addresses.
struct crash_module {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t file_offset = 0;  ///< of `begin`, bytes
  std::uint64_t inode = 0;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  char path[216] = {};  ///< as the kernel shows it; only its end if longer
};

/// Fixed-size, so that it can live in shared memory. All zero is an empty record.
struct crash_record {
  static constexpr std::size_t top_frames = 96;     ///< kept from the innermost end
  static constexpr std::size_t bottom_frames = 32;  ///< kept from the outermost end
  static constexpr std::size_t max_modules = 32;

  std::uint32_t complete = 0;        ///< written last
  std::int32_t signal = 0;           ///< the signal that came first
  std::int32_t code = 0;             ///< its si_code
  std::int32_t sender = 0;           ///< process that sent it; 0: the kernel
  std::int32_t process = 0;          ///< process that wrote the record
  std::int32_t thread = 0;           ///< kernel's id of the thread
  std::int32_t nested_signal = 0;    ///< a second crash while writing; what follows it is missing
  std::uint32_t stack_overflow = 0;  ///< 1: the address lies just below the thread's stack
  std::uint64_t address = 0;         ///< fault address; for SIGSYS the call's number
  std::uint64_t frame_count = 0;     ///< frames of the stack, of which at most 128 are kept
  std::uint64_t frames[top_frames + bottom_frames] = {};  ///< return addresses, but for the first
  std::uint32_t module_count = 0;
  std::uint32_t reserved = 0;
  crash_module modules[max_modules] = {};
};
static_assert(std::is_trivially_copyable_v<crash_record>);

/// One frame of a record.
struct frame {
  std::uint64_t number = 0;   ///< position in the stack, 0 the innermost
  std::uint64_t address = 0;  ///< inside the crashing or calling instruction
  int module = -1;            ///< index into crash_record::modules; -1: in none
};

/// Makes this process write `where` when it crashes (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
/// SIGSYS, SIGTRAP), is ended by SIGTERM, SIGINT, SIGUSR1 or SIGUSR2, or is asked to
/// (`stack_request_signal`). Call it once, at start, in the thread that runs items; `where` is
/// memory shared with the supervisor, valid for good, and is emptied here. A handler that the
/// user's code installs later replaces ours, and then there is no record. Children that the process
/// forks die without touching the record. Throws `error` when the system refuses. Costs about 30
/// us.
void install_crash_handlers(crash_record* where);

/// Gives the calling thread its own signal stack, without which an overflow of the thread's stack
/// leaves no record. `install_crash_handlers` has done it for its caller.
void cover_this_thread();

/// Whether the record was written to its end. May be asked while the writer lives.
bool complete(const crash_record& record) noexcept;

/// Empties the record, for the next process or attempt.
void clear(crash_record& record) noexcept;

/// The kept frames, innermost first. Trusts nothing in the record: the writer had crashed.
std::vector<frame> read_frames(const crash_record& record);

}  // namespace clusterless::os
