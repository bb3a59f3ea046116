// SPDX-License-Identifier: MIT
#include "store/holder.hpp"

#include <time.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace clusterless::store {
namespace {

/// Field 22 of /proc/PID/stat (proc(5)): start time in clock ticks since boot; 0 without such a
/// process.
std::uint64_t start_time(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto at = text.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field)
    at = text.find(' ', at + 1);
  std::uint64_t ticks = 0;
  if (at != std::string::npos)
    std::from_chars(text.data() + at + 1, text.data() + text.size(), ticks);
  return ticks;
}

template <class T>
void read_number(const std::map<std::string, std::string>& from, const char* name, T& into) {
  const auto at = from.find(name);
  if (at == from.end()) return;
  std::from_chars(at->second.data(), at->second.data() + at->second.size(), into);
}

}  // namespace

holder this_holder() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  holder out;
  out.host = host;
  out.pid = ::getpid();
  out.started = start_time("self");
  out.since_ms = static_cast<std::uint64_t>(now.tv_sec) * 1000 +
                 static_cast<std::uint64_t>(now.tv_nsec) / 1000000;
  return out;
}

std::string this_machine() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::error_code failed;
  const auto processes = std::filesystem::read_symlink("/proc/self/ns/pid", failed).string();
  if (!std::getline(file, boot) || failed) return {};
  // "pid:[4026531836]"; metadata has no room for all characters.
  std::string number;
  for (const char c : processes)
    if (c >= '0' && c <= '9') number += c;
  return boot + '-' + number;
}

bool is_alive(const holder& who) {
  return who.started != 0 && start_time(std::to_string(who.pid)) == who.started;
}

std::map<std::string, std::string> facts_of(const holder& who) {
  return {{"host", who.host},
          {"pid", std::to_string(who.pid)},
          {"started", std::to_string(who.started)},
          {"since_ms", std::to_string(who.since_ms)}};
}

holder holder_from(const std::map<std::string, std::string>& facts) {
  holder out;
  if (const auto host = facts.find("host"); host != facts.end()) out.host = host->second;
  if (out.host.empty()) out.host = "unknown";
  read_number(facts, "pid", out.pid);
  read_number(facts, "started", out.started);
  read_number(facts, "since_ms", out.since_ms);
  return out;
}

}  // namespace clusterless::store
