// SPDX-License-Identifier: MIT
#include "os/crash_report.hpp"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "os/fail.hpp"

namespace clusterless::os {
namespace {

constexpr std::uint32_t complete_mark = 0x43524448;  // "CRDH": not a value that stray writes leave
constexpr std::size_t signal_stack_bytes = std::size_t{64} * 1024;
constexpr std::uint64_t max_walk = 1'000'000;  // an 8 MiB stack holds at most 524288 frames
// The last four end a process that did not ask for it; the record tells who sent them.
constexpr int crash_signals[] = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,  SIGABRT, SIGSYS,
                                 SIGTRAP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2};

// Everything the handler needs; it may not allocate. `owner` is the thread that writes the record.
struct handler_state {
  crash_record* where = nullptr;
  pid_t process = 0;
  std::atomic<pid_t> owner{0};
  volatile std::sig_atomic_t can_recover = 0;
  volatile std::sig_atomic_t nested_signal = 0;
  sigjmp_buf recovery;
  char maps[8192];
};
handler_state state;

pid_t this_thread() noexcept {
  return static_cast<pid_t>(::syscall(SYS_gettid));
}

// Sends the signal again with its own siginfo, so that a core file shows the true cause. It is
// pending until the handler returns, and ends the process there, in the frame that crashed.
void die_by(int signal, siginfo_t* info) noexcept {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(signal, &standard, nullptr);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  ::pthread_sigmask(SIG_BLOCK, &one, nullptr);
  const pid_t process = ::getpid();
  const pid_t thread = this_thread();
  if (::syscall(SYS_rt_tgsigqueueinfo, process, thread, signal, info) != 0 &&
      ::syscall(SYS_tgkill, process, thread, signal) != 0)
    ::_exit(128 + signal);
}

#if defined(__x86_64__)
std::uint64_t program_counter(const ucontext_t& at) noexcept {
  return static_cast<std::uint64_t>(at.uc_mcontext.gregs[REG_RIP]);
}
std::uint64_t stack_pointer(const ucontext_t& at) noexcept {
  return static_cast<std::uint64_t>(at.uc_mcontext.gregs[REG_RSP]);
}
// As if the call that led to the wild address had returned at once.
void undo_call(ucontext_t& at) noexcept {
  auto& registers = at.uc_mcontext.gregs;
  registers[REG_RIP] = *reinterpret_cast<const greg_t*>(registers[REG_RSP]);
  registers[REG_RSP] += 8;
}
#elif defined(__aarch64__)
std::uint64_t program_counter(const ucontext_t& at) noexcept {
  return at.uc_mcontext.pc;
}
std::uint64_t stack_pointer(const ucontext_t& at) noexcept {
  return at.uc_mcontext.sp;
}
void undo_call(ucontext_t& at) noexcept {
  at.uc_mcontext.pc = at.uc_mcontext.regs[30];
}
#else
#error "crash reports know x86-64 and aarch64 only"
#endif

void add_frame(crash_record& record, std::uint64_t address) noexcept {
  const std::uint64_t n = record.frame_count;
  const std::uint64_t slot =
      n < crash_record::top_frames
          ? n
          : crash_record::top_frames + (n - crash_record::top_frames) % crash_record::bottom_frames;
  record.frames[slot] = address;
  record.frame_count = n + 1;
}

struct walk {
  crash_record* record;
  std::uint64_t start;
  bool keep_start;
  bool found = false;
};

_Unwind_Reason_Code visit_frame(_Unwind_Context* context, void* data) {
  auto& w = *static_cast<walk*>(data);
  int exact = 0;
  const std::uint64_t address = _Unwind_GetIPInfo(context, &exact);
  if (!w.found) {  // still among the frames of the handler
    w.found = address == w.start;
    if (w.found && w.keep_start) add_frame(*w.record, address);
    return _URC_NO_REASON;
  }
  if (address == 0 || w.record->frame_count >= max_walk) return _URC_END_OF_STACK;
  // Readers take 1 off every address but the first; below another signal frame it must stay exact.
  add_frame(*w.record, exact != 0 ? address + 1 : address);
  return _URC_NO_REASON;
}

void collect_frames(crash_record& record, ucontext_t& at) noexcept {
  const std::uint64_t pc = program_counter(at);
  walk w{&record, pc, false};
  add_frame(record, pc);
  if (record.signal == SIGSEGV && record.address == pc) {  // a jump to nowhere: no frame to unwind
    undo_call(at);
    w.start = program_counter(at);
    w.keep_start = true;
  }
  _Unwind_Backtrace(visit_frame, &w);
}

std::uint64_t parse_number(const char*& at, const char* end, unsigned base) noexcept {
  std::uint64_t value = 0;
  for (; at != end; ++at) {
    unsigned digit = 0;
    if (*at >= '0' && *at <= '9')
      digit = static_cast<unsigned>(*at - '0');
    else if (*at >= 'a' && *at <= 'f')
      digit = static_cast<unsigned>(*at - 'a') + 10;
    else
      break;
    value = value * base + digit;
  }
  return value;
}

void skip_one(const char*& at, const char* end) noexcept {
  if (at != end) ++at;
}

bool holds_frame(const crash_record& record, std::uint64_t begin, std::uint64_t end) noexcept {
  const std::uint64_t kept = std::min<std::uint64_t>(record.frame_count, std::size(record.frames));
  for (std::uint64_t i = 0; i < kept; ++i) {
    const std::uint64_t inside = record.frames[i] - (i == 0 ? 0 : 1);
    if (inside >= begin && inside < end) return true;
  }
  return false;
}

// The reading of /proc/self/maps, line by line: "begin-end perms offset major:minor inode path".
struct maps_reader {
  crash_record* record;
  std::uint64_t stack_pointer;
  bool seen_above = false;

  // The lowest writable page above the fault address is where a stack that overflowed ends.
  void note_stack(std::uint64_t begin, std::uint64_t end, bool writable) noexcept {
    constexpr std::uint64_t largest_frame = 16 << 20;
    constexpr std::uint64_t near = 64 << 10;
    if (seen_above || record->signal != SIGSEGV || record->code <= 0) return;
    const std::uint64_t address = record->address;
    if (writable && begin <= address && address < end) seen_above = true;
    if (!writable || begin <= address) return;
    seen_above = true;
    record->stack_overflow = begin - address <= largest_frame &&
                             stack_pointer + largest_frame >= begin && stack_pointer < begin + near;
  }

  void line(const char* at, const char* end) noexcept {
    const std::uint64_t first = parse_number(at, end, 16);
    skip_one(at, end);
    const std::uint64_t last = parse_number(at, end, 16);
    skip_one(at, end);
    if (end - at < 5) return;
    note_stack(first, last, at[1] == 'w');
    if (at[2] != 'x' || record->module_count >= crash_record::max_modules ||
        !holds_frame(*record, first, last))
      return;
    at += 5;
    crash_module& module = record->modules[record->module_count];
    module.begin = first;
    module.end = last;
    module.file_offset = parse_number(at, end, 16);
    skip_one(at, end);
    module.device_major = static_cast<std::uint32_t>(parse_number(at, end, 16));
    skip_one(at, end);
    module.device_minor = static_cast<std::uint32_t>(parse_number(at, end, 16));
    skip_one(at, end);
    module.inode = parse_number(at, end, 10);
    while (at != end && *at == ' ')
      ++at;
    const auto room = static_cast<std::ptrdiff_t>(sizeof module.path - 1);
    if (end - at > room) at = end - room;
    std::memcpy(module.path, at, static_cast<std::size_t>(end - at));
    module.path[end - at] = '\0';
    record->module_count = record->module_count + 1;
  }
};

void collect_modules(crash_record& record, std::uint64_t stack_pointer) noexcept {
  const int fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  maps_reader reader{&record, stack_pointer};
  std::size_t held = 0;
  for (;;) {
    const ssize_t got = ::read(fd, state.maps + held, sizeof state.maps - held);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    held += static_cast<std::size_t>(got);
    const char* from = state.maps;
    const char* const end = state.maps + held;
    while (const void* newline = std::memchr(from, '\n', static_cast<std::size_t>(end - from))) {
      const char* stop = static_cast<const char*>(newline);
      reader.line(from, stop);
      from = stop + 1;
    }
    held = static_cast<std::size_t>(end - from);
    if (held == sizeof state.maps) held = 0;
    std::memmove(state.maps, from, held);
  }
  ::close(fd);
}

void write_record(int signal, const siginfo_t& info, ucontext_t& at) noexcept {
  crash_record& record = *state.where;
  std::atomic_ref<std::uint32_t>(record.complete).store(0, std::memory_order_relaxed);
  record.signal = signal;
  record.code = info.si_code;
  record.sender = info.si_code <= 0 ? info.si_pid : 0;
  record.process = state.process;
  record.thread = this_thread();
  record.nested_signal = 0;
  record.stack_overflow = 0;
  if (signal == SIGSYS)
    record.address = static_cast<std::uint64_t>(info.si_syscall);
  else
    record.address = info.si_code > 0 ? reinterpret_cast<std::uintptr_t>(info.si_addr) : 0;
  record.frame_count = 0;
  record.module_count = 0;

  // A damaged stack may crash the walk too; then the handler, entered again, jumps back here.
  static ucontext_t untouched;
  untouched = at;
  state.nested_signal = 0;
  if (sigsetjmp(state.recovery, 1) == 0) {
    state.can_recover = 1;
    collect_frames(record, at);
  }
  at.uc_mcontext = untouched.uc_mcontext;
  if (sigsetjmp(state.recovery, 1) == 0) {
    state.can_recover = 1;
    collect_modules(record, stack_pointer(at));
  }
  state.can_recover = 0;
  record.nested_signal = state.nested_signal;
  std::atomic_ref<std::uint32_t>(record.complete).store(complete_mark, std::memory_order_release);
}

// True once this thread may write. Another thread that crashed first ends the process while we
// wait; if it cannot, we must.
bool take_record(int signal, pid_t thread) noexcept {
  constexpr int most_waits = 2000;
  for (int waits = 0; waits < most_waits; ++waits) {
    pid_t nobody = 0;
    if (state.owner.compare_exchange_strong(nobody, thread)) return true;
    if (signal == stack_request_signal) return false;
    const timespec millisecond = {0, 1'000'000};
    ::nanosleep(&millisecond, nullptr);
  }
  return false;
}

[[noreturn]] void stay(const ucontext_t& at) noexcept {
  for (;;)
    ::sigsuspend(&at.uc_sigmask);
}

void on_signal(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const pid_t thread = this_thread();
  if (state.process != ::getpid()) {  // a child that user code forked: not ours to report
    die_by(signal, info);
  } else if (state.owner.load() == thread) {
    if (state.can_recover != 0) {
      state.can_recover = 0;
      state.nested_signal = signal;
      siglongjmp(state.recovery, 1);
    }
    die_by(signal, info);
  } else if (take_record(signal, thread)) {
    write_record(signal, *info, *static_cast<ucontext_t*>(context));
    if (signal == stack_request_signal) {
      const bool last = info->si_code == SI_USER && info->si_pid == ::getppid();
      state.owner = 0;
      if (last) stay(*static_cast<ucontext_t*>(context));
    } else {
      die_by(signal, info);
    }
  } else if (signal != stack_request_signal) {
    die_by(signal, info);
  }
  errno = saved_errno;
}

struct signal_stack {
  void* memory = MAP_FAILED;
  stack_t before = {};

  signal_stack() {
    memory = ::mmap(nullptr, signal_stack_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) fail("memory for a signal stack");
    stack_t ours = {};
    ours.ss_sp = memory;
    ours.ss_size = signal_stack_bytes;
    if (::sigaltstack(&ours, &before) != 0) fail("a signal stack");
  }
  signal_stack(const signal_stack&) = delete;
  signal_stack& operator=(const signal_stack&) = delete;
  ~signal_stack() {
    ::sigaltstack(&before, nullptr);
    ::munmap(memory, signal_stack_bytes);
  }
};

_Unwind_Reason_Code count_three(_Unwind_Context*, void* data) {
  return ++*static_cast<int*>(data) < 3 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

}  // namespace

void cover_this_thread() {
  thread_local const signal_stack mine;
}

void install_crash_handlers(crash_record* where) {
  clear(*where);
  state.where = where;
  state.process = ::getpid();
  state.owner = 0;
  cover_this_thread();
  // The first walk binds the symbols and sets up the unwinder, which the handler must not do.
  int frames = 0;
  _Unwind_Backtrace(count_three, &frames);

  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER;
  sigfillset(&action.sa_mask);
  for (int signal : crash_signals)
    sigdelset(&action.sa_mask, signal);
  for (int signal : crash_signals)
    if (::sigaction(signal, &action, nullptr) != 0) fail("a signal handler");
  if (::sigaction(stack_request_signal, &action, nullptr) != 0) fail("a signal handler");
}

bool complete(const crash_record& record) noexcept {
  auto& mark = const_cast<std::uint32_t&>(record.complete);
  return std::atomic_ref<std::uint32_t>(mark).load(std::memory_order_acquire) == complete_mark;
}

void clear(crash_record& record) noexcept {
  std::atomic_ref<std::uint32_t>(record.complete).store(0, std::memory_order_release);
}

std::vector<frame> read_frames(const crash_record& record) {
  constexpr std::uint64_t top = crash_record::top_frames;
  constexpr std::uint64_t bottom = crash_record::bottom_frames;
  if (!complete(record)) return {};
  const std::uint64_t count = record.frame_count;
  const std::uint32_t modules =
      std::min<std::uint32_t>(record.module_count, crash_record::max_modules);
  std::vector<frame> frames;
  auto take = [&](std::uint64_t number, std::uint64_t slot) {
    frame f{number, record.frames[slot] - (number == 0 ? 0 : 1), -1};
    for (std::uint32_t m = 0; m < modules && f.module < 0; ++m)
      if (f.address >= record.modules[m].begin && f.address < record.modules[m].end)
        f.module = static_cast<int>(m);
    frames.push_back(f);
  };
  for (std::uint64_t i = 0; i < std::min(count, top); ++i)
    take(i, i);
  for (std::uint64_t i = std::max(top, count - std::min(count, bottom)); i < count; ++i)
    take(i, top + (i - top) % bottom);
  return frames;
}

}  // namespace clusterless::os
