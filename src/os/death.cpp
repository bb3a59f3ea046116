// SPDX-License-Identifier: MIT
#include "os/death.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

namespace clusterless::os {
namespace {

std::string hexadecimal(std::uint64_t value) {
  std::array<char, 24> text = {};
  std::snprintf(text.data(), text.size(), "0x%" PRIx64, value);
  return text.data();
}

std::string in_parentheses(int signal) {
  return " (" + signal_name(signal) + ")";
}

// A crash needs no help from outside; the other signals are sent by somebody.
bool of_its_own_making(int signal) {
  constexpr std::array own = {SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,    SIGABRT, SIGSYS,    SIGTRAP,
                              SIGPIPE, SIGXCPU, SIGXFSZ, SIGSTKFLT, SIGALRM, SIGVTALRM, SIGPROF};
  return std::find(own.begin(), own.end(), signal) != own.end();
}

const char* fault_words(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "segmentation fault";
    case SIGBUS:
      return "bus error";
    case SIGILL:
      return "illegal instruction";
    case SIGFPE:
      return "arithmetic fault";
    case SIGABRT:
      return "abort";
    case SIGSYS:
      return "forbidden system call";
    case SIGTRAP:
      return "trap";
    case SIGPIPE:
      return "write to a closed pipe or socket";
    case SIGXCPU:
      return "limit of processor time (ulimit -t) exceeded";
    case SIGALRM:
    case SIGVTALRM:
    case SIGPROF:
      return "a timer of its own ran out, and the signal has no handler";
    case SIGXFSZ:
      return "limit of file size (ulimit -f) exceeded";
    default:
      return "a signal that it sent itself";
  }
}

// What the record of a fault adds to the name of its signal.
std::string fault_details(const crash_record& record) {
  const int code = record.code;
  std::string at = " at address " + hexadecimal(record.address);
  switch (record.signal) {
    case SIGSEGV:
      if (code == SEGV_ACCERR) return at + ", which it may not use so";
      if (code == SI_KERNEL) return " at an address that no process can have";
      return at;
    case SIGBUS:
      if (code == BUS_ADRERR)
        return at + ": beyond the end of a mapped file, or its file system is full";
      return at;
    case SIGFPE:
      return code == FPE_INTDIV ? at + ": integer division by zero" : at;
    case SIGILL:
      return at;
    case SIGSYS:
      return ", number " + std::to_string(record.address);
    default:
      return "";
  }
}

bool sent_by_another(const crash_record& record) {
  return record.code <= 0 && record.sender != record.process;
}

death describe_crash(int signal, const crash_record* record) {
  death d{cause::crashed, signal_name(signal), {}};
  if (record == nullptr) {
    d.message = fault_words(signal) + in_parentheses(signal);
  } else if (record->stack_overflow != 0) {
    d.message = "stack overflow" + in_parentheses(signal) + fault_details(*record) +
                "; recursion without an end, or too large arrays on the stack";
  } else {
    d.message = fault_words(signal) + in_parentheses(signal);
    if (record->code > 0) d.message += fault_details(*record);
  }
  return d;
}

death describe_kill(int signal, const crash_record* record) {
  death d{cause::killed, signal_name(signal), {}};
  d.message = "killed by signal " + std::to_string(signal) + in_parentheses(signal);
  d.message += record != nullptr && record->sender > 0
                   ? " from process " + std::to_string(record->sender)
                   : " from outside";
  return d;
}

std::string mebibytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

death describe_oom(const death_evidence& e) {
  death d{cause::out_of_memory, signal_name(SIGKILL), "killed by the kernel for lack of memory"};
  if (e.peak_bytes > 0) d.message += " when it had used up to " + mebibytes(e.peak_bytes);
  d.message += "; run fewer workers on a node or give each item less to hold";
  return d;
}

std::string seconds_text(std::chrono::milliseconds time) {
  std::array<char, 32> text = {};
  std::snprintf(text.data(), text.size(), "%g s", static_cast<double>(time.count()) / 1000);
  return text.data();
}

death describe_own_kill(const death_evidence& e) {
  switch (e.ours) {
    case own_kill::cancel:
      return {cause::cancelled, {}, "ended because the job was cancelled"};
    case own_kill::node_loss:
      return {cause::node_lost, {}, "its node went away"};
    default:
      break;
  }
  death d{cause::timed_out, {}, "ran longer than its timeout"};
  if (e.timeout.count() > 0) d.message += " of " + seconds_text(e.timeout);
  d.message += " and was ended; raise map_options.timeout if it needs that long";
  return d;
}

std::optional<std::uint64_t> read_oom_kills(const std::string& file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key;
    std::uint64_t value = 0;
    if (words >> key >> value && key == "oom_kill") return value;
  }
  return std::nullopt;
}

// Paths in mountinfo have blanks and backslashes as \ooo.
std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 3 < text.size();
    out += escape ? static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8)) : text[i];
    if (escape) i += 3;
  }
  return out;
}

struct cgroup_mount {
  std::string root;  // the group that is mounted there
  std::string point;
};

// The mount of the unified hierarchy (`type` "cgroup2") or of version 1's memory controller.
std::optional<cgroup_mount> find_cgroup_mount(const std::string& mountinfo, bool unified) {
  std::ifstream in(mountinfo);
  for (std::string line; std::getline(in, line);) {
    if (line.find("cgroup") == std::string::npos) continue;
    std::istringstream words(line);
    std::string skipped;
    cgroup_mount found;
    words >> skipped >> skipped >> skipped >> found.root >> found.point;
    while (words >> skipped && skipped != "-")
      continue;
    std::string type;
    std::string options;
    words >> type >> skipped >> options;
    const bool memory = ("," + options + ",").find(",memory,") != std::string::npos;
    if (unified ? type == "cgroup2" : type == "cgroup" && memory)
      return cgroup_mount{unescaped(found.root), unescaped(found.point)};
  }
  return std::nullopt;
}

// The path of the process's group in a hierarchy, from lines "id:controllers:path".
std::optional<std::string> find_cgroup(const std::string& file, bool unified) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool wanted =
        unified ? controllers == ",," : controllers.find(",memory,") != std::string::npos;
    if (wanted) return line.substr(second + 1);
  }
  return std::nullopt;
}

}  // namespace

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

death cause_of_death(const death_evidence& e) {
  const crash_record* record = e.record != nullptr && complete(*e.record) ? e.record : nullptr;
  if (!WIFSIGNALED(e.wait_status)) {
    if (e.ours != own_kill::none) return describe_own_kill(e);
    const std::string code = std::to_string(WEXITSTATUS(e.wait_status));
    return {
        cause::exited, {}, "exit code " + code + (e.in_item ? " inside" : " outside") + " an item"};
  }
  const int signal = WTERMSIG(e.wait_status);
  // A record of another signal is an answer to a stack request, or of a crash that was survived.
  if (record != nullptr && record->signal != signal) record = nullptr;
  const bool fault = record == nullptr ? of_its_own_making(signal) : !sent_by_another(*record);
  const bool fault_wins = fault && record != nullptr && e.ours == own_kill::timeout;
  if (e.ours != own_kill::none && !fault_wins) return describe_own_kill(e);
  death d;
  if (fault)
    d = describe_crash(signal, record);
  else if (signal == SIGKILL && e.oom_kills > 0)
    d = describe_oom(e);
  else
    d = describe_kill(signal, record);
  if (WCOREDUMP(e.wait_status)) d.message += " (core dumped)";
  return d;
}

oom_counter::oom_counter(std::vector<std::string> files) {
  for (std::string& file : files) {
    if (!read_oom_kills(file)) continue;
    source_ = std::move(file);
    return;
  }
}

std::optional<std::uint64_t> oom_counter::read() const {
  if (source_.empty()) return std::nullopt;
  return read_oom_kills(source_);
}

std::vector<std::string> oom_counter_files(pid_t process, const std::string& root) {
  std::vector<std::string> files;
  const std::string of_process = root + "/proc/" + std::to_string(process);
  for (const bool unified : {true, false}) {
    const auto group = find_cgroup(of_process + "/cgroup", unified);
    const auto mount = find_cgroup_mount(of_process + "/mountinfo", unified);
    if (!group || !mount) continue;
    // In a container the mount may show a group below the hierarchy's root, and only that.
    std::string below = *group;
    if (mount->root != "/" && below.starts_with(mount->root)) below.erase(0, mount->root.size());
    if (below == "/") below.clear();
    std::string file = root;
    file.append(mount->point).append(below);
    file.append(unified ? "/memory.events" : "/memory.oom_control");
    files.push_back(std::move(file));
  }
  files.push_back(root + "/proc/vmstat");
  return files;
}

}  // namespace clusterless::os
