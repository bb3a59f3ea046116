// SPDX-License-Identifier: MIT
#include "os/symbolise.hpp"

#include <backtrace.h>
#include <cxxabi.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "os/frame_origin.hpp"
#include "os/mappings.hpp"
#include "os/symbol_table.hpp"

namespace clusterless::os {
namespace {

std::vector<mapping> executable_mappings() {
  auto all = read_mappings();
  std::erase_if(all, [](const mapping& each) { return !each.executable; });
  return all;
}

std::string offset_in(const std::string& path, std::uint64_t offset) {
  std::array<char, 24> text = {};
  std::snprintf(text.data(), text.size(), "0x%" PRIx64, offset);
  if (path.empty()) return std::string(text.data()) + " (in no file)";
  return path.substr(path.rfind('/') + 1) + "+" + text.data();
}

// --- libbacktrace: one state for the process, made at first use and kept ---

struct call {
  std::string symbol = {};  // mangled where the file has it so; empty: unknown
  std::string file = {};
  int line = 0;
};

void ignore_error(void*, const char*, int) {}

int add_call(void* data, std::uintptr_t, const char* file, int line, const char* function) {
  if (file == nullptr && function == nullptr) return 0;
  static_cast<std::vector<call>*>(data)->push_back(
      {function == nullptr ? "" : function, file == nullptr ? "" : file, line});
  return 0;
}

void take_symbol(void* data, std::uintptr_t, const char* name, std::uintptr_t, std::uintptr_t) {
  if (name != nullptr) *static_cast<std::string*>(data) = name;
}

unsigned long long objects_ever_loaded() {
  unsigned long long count = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        *static_cast<unsigned long long*>(data) = info->dlpi_adds;
        return 1;
      },
      &count);
  return count;
}

class symbol_source {
 public:
  // libbacktrace reads all objects when first asked and never again: after a dlopen we start anew.
  void refresh() {
    const unsigned long long now = objects_ever_loaded();
    if (state_ != nullptr && now == loaded_) return;
    loaded_ = now;
    static const std::string program = program_file();  // libbacktrace keeps the pointer
    state_ = ::backtrace_create_state(program.c_str(), 0, ignore_error, nullptr);
  }

  std::string symbol(std::uintptr_t pc) const {
    std::string name;
    if (state_ != nullptr) ::backtrace_syminfo(state_, pc, take_symbol, ignore_error, &name);
    return name;
  }

  // The function at pc and those it was inlined into, innermost first; empty when unknown.
  std::vector<call> calls(std::uintptr_t pc) const {
    std::vector<call> found;
    if (state_ != nullptr) ::backtrace_pcinfo(state_, pc, add_call, ignore_error, &found);
    // Debug information may hold bare names; the symbol table's tell the arguments too.
    std::string name = symbol(pc);
    if (found.empty() && !name.empty()) found.emplace_back();
    if (!found.empty() && !name.empty() && !found.back().symbol.starts_with("_Z"))
      found.back().symbol = std::move(name);
    return found;
  }

 private:
  backtrace_state* state_ = nullptr;
  unsigned long long loaded_ = 0;
};

// --- text ---

std::string demangled(const std::string& symbol) {
  if (!symbol.starts_with("_Z")) return symbol;  // "f" is a C function here, not the type float
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free);
  std::string name = status == 0 && text != nullptr ? text.get() : symbol;
  name.resize(std::min(name.size(), name.find(" [clone ")));  // the compiler's own variants
  constexpr std::string_view long_string =
      "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
  for (std::size_t at = 0; (at = name.find(long_string, at)) != std::string::npos;)
    name.replace(at, long_string.size(), "std::string");
  return name;
}

// A path below the current directory is shown relative to it.
std::string shown_path(const std::string& path, const std::string& directory) {
  if (directory.size() > 1 && path.size() > directory.size() && path.starts_with(directory) &&
      path[directory.size()] == '/')
    return path.substr(directory.size() + 1);
  return path;
}

struct trace_line {
  std::string text = {};
  std::uint64_t number = 0;    // as shown: inlined calls count too
  std::uint64_t not_kept = 0;  // frames between this line and the one before it
};

class trace_text {
 public:
  trace_text(const crash_record& record, const symbol_source& source)
      : record_(record), source_(source), mappings_(executable_mappings()) {
    std::array<char, 4096> directory = {};
    if (::getcwd(directory.data(), directory.size()) != nullptr) directory_ = directory.data();
    struct stat self = {};
    if (::stat(program_file().c_str(), &self) == 0) program_inode_ = self.st_ino;
  }

  std::string text() {
    for (const frame& f : read_frames(record_))
      add(f);
    const std::size_t end = frames_to_show(origins_);
    write(end);
    if (end < lines_.size()) {
      const bool ours = std::find(origins_.begin() + static_cast<std::ptrdiff_t>(end),
                                  origins_.end(), frame_origin::library) != origins_.end();
      put("… (" + std::to_string(lines_.size() - end) + " frames " +
          (ours ? "of clusterless)" : "that start the program)"));
    }
    if (record_.nested_signal != 0) put("(the stack is damaged: deeper frames could not be read)");
    for (const std::string& note : notes_)
      put("(" + note + ")");
    return std::move(out_);
  }

 private:
  void add(const frame& f) {
    std::string path;
    std::uint64_t offset = f.address;
    std::vector<call> calls;
    if (f.module >= 0) {
      const crash_module& m = record_.modules[f.module];
      path.assign(m.path, ::strnlen(m.path, sizeof m.path));
      constexpr std::string_view deleted = " (deleted)";
      if (path.ends_with(deleted)) path.resize(path.size() - deleted.size());
      offset = f.address - m.begin + m.file_offset;
      calls = resolve(m, path, offset);
    }
    if (calls.empty()) calls.emplace_back();
    for (const call& c : calls) {
      std::string text = c.symbol.empty() ? offset_in(path, offset) : demangled(c.symbol);
      if (!c.file.empty()) text += " at " + shown_path(c.file, directory_);
      if (!c.file.empty() && c.line > 0) text += ":" + std::to_string(c.line);
      const std::uint64_t gap = f.number - frames_seen_;
      frames_seen_ = f.number;
      const std::uint64_t number = lines_.empty() ? 0 : lines_.back().number + 1 + gap;
      lines_.push_back({std::move(text), number, gap});
      origins_.push_back(origin_of({c.symbol, c.file, path}));
    }
    frames_seen_ = f.number + 1;
  }

  std::vector<call> resolve(const crash_module& m, const std::string& path, std::uint64_t offset) {
    if (m.inode == 0) return {};
    bool same_path = false;
    for (const mapping& own : mappings_) {
      same_path = same_path || own.path == path;
      if (own.inode != m.inode || own.device_major != m.device_major ||
          own.device_minor != m.device_minor || offset < own.file_offset ||
          offset - own.file_offset >= own.end - own.begin)
        continue;
      if (own.deleted && own.inode != program_inode_) {
        notes_.insert("no names for " + path + ": the file was replaced since it was loaded");
        return {};
      }
      auto calls = source_.calls(own.begin + (offset - own.file_offset));
      if (calls.empty() && own.inode == program_inode_)
        notes_.insert("no names for " + path + ": it was stripped of its symbols");
      return calls;
    }
    if (same_path)
      notes_.insert("no names for " + path +
                    ": the crashed process had loaded another build of it");
    return {};
  }

  void put(const std::string& line) {
    if (!out_.empty()) out_ += '\n';
    out_ += line;
  }

  // Recursion makes many equal lines; they are told once and counted.
  void write(std::size_t end) {
    for (std::size_t i = 0; i < end;) {
      std::size_t next = i + 1;
      while (next < end && lines_[next].text == lines_[i].text && lines_[next].not_kept == 0)
        ++next;
      const bool fold = next - i > 3;
      if (lines_[i].not_kept > 0)
        put("… (" + std::to_string(lines_[i].not_kept) + " frames not kept)");
      for (std::size_t j = i; j < (fold ? i + 1 : next); ++j)
        put("#" + std::to_string(lines_[j].number) + " " + lines_[j].text);
      if (fold) put("… (the same " + std::to_string(next - i - 1) + " times more)");
      i = next;
    }
  }

  const crash_record& record_;
  const symbol_source& source_;
  const std::vector<mapping> mappings_;
  std::string directory_;
  std::uint64_t program_inode_ = 0;
  std::uint64_t frames_seen_ = 0;
  std::vector<trace_line> lines_;
  std::vector<frame_origin> origins_;  // of the lines
  std::set<std::string> notes_;
  std::string out_;
};

}  // namespace

std::string describe_trace(const crash_record& record) {
  if (!complete(record)) return "";
  static std::mutex mutex;
  static symbol_source source;
  const auto copy = std::make_unique<crash_record>(record);
  const std::lock_guard lock(mutex);
  source.refresh();
  return trace_text(*copy, source).text();
}

std::string symbol_name(const void* address) {
  static std::mutex mutex;
  static std::unordered_map<const void*, std::string> names;
  const std::lock_guard lock(mutex);
  const auto known = names.find(address);
  if (known != names.end()) return known->second;
  const auto pc = reinterpret_cast<std::uintptr_t>(address);
  std::string name = demangled(find_symbol(address));
  if (name.empty()) {
    mapping inside;
    for (const mapping& own : executable_mappings())
      if (pc >= own.begin && pc < own.end) inside = own;
    name = offset_in(inside.path, pc - inside.begin + inside.file_offset);
  }
  return names.emplace(address, std::move(name)).first->second;
}

}  // namespace clusterless::os
