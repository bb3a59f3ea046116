// SPDX-License-Identifier: MIT
// What this machine can do at best, one function per figure, each the least work that any engine of
// processes must do for one work of the benchmark. Processes are forked here and waited for.
#pragma once

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "measure.hpp"

namespace bench {

void task_table(const arguments&);       ///< `chunk=`: no-op tasks claimed from shared memory
void spin_round_trip(const arguments&);  ///< one word there and back, both sides spinning
void futex_round_trip(const arguments&);
void copy_in_place(const arguments&);  ///< two processes copy between mapped, warm pages
void copy_to_memfd(const arguments&);  ///< one process copies; `fresh=1`: into new pages
void share_by_copy(const arguments&);  ///< one copy, mapped by two; `fresh=1`: into new pages
void share_by_mapping(
    const arguments&);                  ///< two map what is there; `populate=1`: all pages at once
void start_process(const arguments&);   ///< `how=`: 0 fork, 1 fork + exec, 2 posix_spawn
void append_records(const arguments&);  ///< a file of records, written through to the disk

/// A word alone on its cache line.
struct alignas(64) word {
  std::atomic<std::uint32_t> value;
};

/// Zeroed memory that forked children share, its pages already there.
inline std::byte* shared_memory(std::size_t bytes) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE,
                  -1, 0);
  if (at == MAP_FAILED) fail("mmap");
  return static_cast<std::byte*>(at);
}

/// Runs `body` in a child; the child ends when it returns.
template <class Body>
pid_t child(Body body) {
  const pid_t id = fork();
  if (id < 0) fail("fork");
  if (id != 0) return id;
  body();
  _exit(0);
}

inline void reap(pid_t id) {
  int status = 0;
  if (waitpid(id, &status, 0) != id || status != 0) fail("a child of the measurement failed");
}

/// Two worker processes that are there before the clock starts, and wait blocked so that they take
/// no time from whoever prepares the work.
class crew {
 public:
  static constexpr long size = 2;

  /// `prepare()` runs in each at once, `body()` when `run` is called.
  template <class Prepare, class Body>
  crew(Prepare prepare, Body body) {
    if (pipe(go_) != 0 || pipe(done_) != 0) fail("pipe");
    for (pid_t& id : ids_) {
      id = child([&] {
        prepare();
        tell(done_[1]);
        await(go_[0]);
        body();
        tell(done_[1]);
      });
    }
    for (long k = 0; k < size; ++k)
      await(done_[0]);
  }
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;
  ~crew() {
    for (const pid_t id : ids_)
      reap(id);
    for (const int end : {go_[0], go_[1], done_[0], done_[1]})
      close(end);
  }
  void run() {
    for (long k = 0; k < size; ++k)
      tell(go_[1]);
    for (long k = 0; k < size; ++k)
      await(done_[0]);
  }

 private:
  static void tell(int end) {
    if (write(end, "", 1) != 1) _exit(1);
  }
  static void await(int end) {
    char byte;
    if (read(end, &byte, 1) != 1) _exit(1);
  }

  int go_[2], done_[2];
  pid_t ids_[size];
};

}  // namespace bench
