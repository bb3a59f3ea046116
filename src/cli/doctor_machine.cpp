// SPDX-License-Identifier: MIT
// The doctor's look at the machine.
#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/debugger.hpp"
#include "cli/doctor.hpp"
#include "core/text.hpp"
#include "os/abilities.hpp"
#include "session/directories.hpp"

namespace clusterless::cli {

namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  return text;
}

/// The folders of this process's cgroup (v2), from its own up to the root.
std::vector<std::string> cgroup_folders() {
  std::vector<std::string> folders;
  std::istringstream lines(read_text("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("0::")) continue;
    std::string path = line.substr(3);
    while (!path.empty()) {
      folders.push_back("/sys/fs/cgroup" + path);
      path.resize(path.rfind('/'));
    }
    folders.push_back("/sys/fs/cgroup");
  }
  return folders;
}

class machine_examination {
 public:
  machine_examination(int workers, findings& into) : workers_(workers), into_(into) {}

  void run() {
    cores();
    memory();
    shared_memory();
    limits();
    kernel();
    scratch();
    debugger();
  }

 private:
  void add(const char* name, verdict is, std::string text, std::string advice = {}) {
    into_.push_back({"machine", name, is, std::move(text), std::move(advice)});
  }

  void cores() {
    cpu_set_t mine;
    CPU_ZERO(&mine);
    const long all = std::max(1l, ::sysconf(_SC_NPROCESSORS_ONLN));
    double allowed = ::sched_getaffinity(0, sizeof mine, &mine) == 0
                         ? static_cast<double>(CPU_COUNT(&mine))
                         : static_cast<double>(all);
    for (const std::string& folder : cgroup_folders())
      allowed = cores_allowed(allowed, read_text(folder + "/cpu.max"));
    std::ostringstream text;
    text << all << (all == 1 ? " core" : " cores");
    if (allowed < static_cast<double>(all)) text << ", of which this process may use " << allowed;
    if (workers_ > 2 * allowed) {
      text << "; the parameters ask for " << workers_ << " workers";
      add("cores", verdict::warning, text.str(),
          "Workers will share cores; fewer nodes, or procs_per_node, would be as fast");
      return;
    }
    add("cores", verdict::good, text.str());
  }

  void memory() {
    std::uint64_t total = 0;
    std::uint64_t available = 0;
    std::istringstream lines(read_text("/proc/meminfo"));
    for (std::string line; std::getline(lines, line);) {
      std::uint64_t& to = line.starts_with("MemTotal:") ? total : available;
      if (!line.starts_with("MemTotal:") && !line.starts_with("MemAvailable:")) continue;
      to = std::strtoull(line.c_str() + line.find(':') + 1, nullptr, 10) * 1024;
    }
    std::uint64_t limit = total;
    for (const std::string& folder : cgroup_folders())
      limit = limited_by(limit, read_text(folder + "/memory.max"));
    std::string text = core::size_text(total) + ", " + core::size_text(available) + " available";
    if (limit < total) text += ", limit of this process " + core::size_text(limit);
    const std::uint64_t each =
        std::min(limit, available) / static_cast<unsigned>(std::max(1, workers_));
    if (each < (std::uint64_t{64} << 20))
      add("memory", verdict::warning, text + ": " + core::size_text(each) + " for each worker",
          "Start fewer workers, or end what else uses memory");
    else
      add("memory", verdict::good, text);
  }

  void shared_memory() {
    const std::string problem = os::why_no_shared_memory();
    if (problem.empty())
      add("shared memory", verdict::good, "memfd works; /dev/shm is not needed" + shm_words());
    else
      add("shared memory", verdict::failure, problem,
          "Workers need it: run on Linux 3.17 or later, let seccomp allow memfd_create, and look "
          "at "
          "the limits of this container");
  }

  static std::string shm_words() {
    struct statvfs facts {};
    if (::statvfs("/dev/shm", &facts) != 0) return " (there is none)";
    return " (" + core::size_text(std::uint64_t{facts.f_bavail} * facts.f_frsize) + " free)";
  }

  static std::string number_or_none(rlim_t n) {
    return n == RLIM_INFINITY ? "no limit" : std::to_string(n);
  }

  void limits() {
    const rlim_t workers = static_cast<rlim_t>(std::max(1, workers_));
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const rlim_t files_wanted = 64 + 16 * workers;
    const std::string text = number_or_none(files.rlim_cur) + ", may be raised to " +
                             number_or_none(files.rlim_max) + " (done by init)";
    if (files.rlim_max < std::max<rlim_t>(files_wanted, 1024))
      add("open files", verdict::warning, text,
          "Each worker and each large result that is held takes some; raise the hard limit "
          "(ulimit -Hn)");
    else
      add("open files", verdict::good, text);
    rlimit processes{};
    ::getrlimit(RLIMIT_NPROC, &processes);
    std::uint64_t most = processes.rlim_cur == RLIM_INFINITY ? UINT64_MAX : processes.rlim_cur;
    for (const std::string& folder : cgroup_folders())
      most = limited_by(most, read_text(folder + "/pids.max"));
    const std::string words = most == UINT64_MAX ? "no limit" : "at most " + std::to_string(most);
    if (most < workers + 16)
      add("processes", verdict::failure,
          words + ", and " + std::to_string(workers) + " workers are asked for",
          "Raise the limit (ulimit -u, or pids.max of the cgroup)");
    else
      add("processes", verdict::good, words);
  }

  void kernel() {
    utsname name{};
    ::uname(&name);
    const std::string problem = os::why_no_pidfd();
    const std::string system = std::string(name.sysname) + " " + name.release;
    if (problem.empty())
      add("kernel", verdict::good, system + ", with pidfd");
    else
      add("kernel", verdict::failure, system + ", " + problem,
          "Use Linux 5.3 or later, and let seccomp allow pidfd_open");
    const std::string pages = read_text("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
    const std::string own = read_text("/sys/kernel/mm/transparent_hugepage/enabled");
    if (!own.empty())
      add("huge pages", verdict::good,
          "own memory " + own + (pages.empty() ? "" : "; shared " + pages));
  }

  void scratch() {
    const char* variable = std::getenv("TMPDIR");
    const std::string path = variable != nullptr && *variable != '\0' ? variable : "/tmp";
    struct statvfs facts {};
    if (::access(path.c_str(), W_OK | X_OK) != 0 || ::statvfs(path.c_str(), &facts) != 0) {
      add("scratch", verdict::failure, path + ": " + std::strerror(errno),
          "Set TMPDIR to a directory that can be written: items get their scratch_dir() there");
      return;
    }
    const auto removed = session::remove_left_directories();
    const std::string left =
        removed.empty()
            ? ""
            : "; removed what " + core::count_text(removed.size(), "killed program") + " had left";
    const std::uint64_t free = std::uint64_t{facts.f_bavail} * facts.f_frsize;
    const bool little = free < (std::uint64_t{100} << 20);
    add("scratch", little ? verdict::warning : verdict::good,
        path + ", " + core::size_text(free) + " free" + left,
        little ? "Set TMPDIR to a directory with more room if items use scratch_dir()" : "");
  }

  void debugger() {
    if (is_in_path("gdb"))
      add("gdb", verdict::good, "there: `clusterless replay --gdb` works");
    else
      add("gdb", verdict::good, "not there; only `clusterless replay --gdb` needs it");
  }

  int workers_;
  findings& into_;
};

}  // namespace

std::uint64_t limited_by(std::uint64_t amount, const std::string& file) {
  std::uint64_t limit = 0;
  const auto [end, problem] = std::from_chars(file.data(), file.data() + file.size(), limit);
  return problem == std::errc() ? std::min(amount, limit) : amount;
}

double cores_allowed(double cores, const std::string& file) {
  std::istringstream text(file);
  double quota = 0;
  double period = 0;
  if (!(text >> quota >> period) || period <= 0) return cores;
  return std::min(cores, quota / period);
}

void examine_machine(int workers, findings& into) {
  machine_examination(workers, into).run();
}

}  // namespace clusterless::cli
