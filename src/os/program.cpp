// SPDX-License-Identifier: MIT
#include "os/program.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "core/checksum.hpp"
#include "core/text.hpp"
#include "os/symbol_table.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::os {

namespace {

struct part {
  std::uintptr_t begin;
  std::uintptr_t end;
  unsigned flags;
};

struct image {
  std::uintptr_t base = 0;
  std::vector<part> parts;
  const std::byte* unwind_index = nullptr;  ///< .eh_frame_hdr
  std::size_t unwind_bytes = 0;
  build_id id{};
  bool has_id = false;
};

void read_notes(image& into, const std::byte* at, std::size_t size) {
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof note);
    const std::size_t name = (note.n_namesz + 3u) & ~3u;
    const std::size_t body = (note.n_descsz + 3u) & ~3u;
    if (name > size - sizeof note || body > size - sizeof note - name) return;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
        std::memcmp(at + sizeof note, "GNU", 4) == 0) {
      std::memcpy(into.id.data(), at + sizeof note + name,
                  std::min<std::size_t>(note.n_descsz, into.id.size()));
      into.has_id = true;
      return;
    }
    at += sizeof note + name + body;
    size -= sizeof note + name + body;
  }
}

int first_module(dl_phdr_info* info, std::size_t, void* out) {
  auto& into = *static_cast<image*>(out);
  into.base = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD) {
      into.parts.push_back({begin, begin + header.p_memsz, header.p_flags});
    } else if (header.p_type == PT_NOTE) {
      read_notes(into, reinterpret_cast<const std::byte*>(begin), header.p_memsz);
    } else if (header.p_type == PT_GNU_EH_FRAME) {
      into.unwind_index = reinterpret_cast<const std::byte*>(begin);
      into.unwind_bytes = header.p_memsz;
    }
  }
  return 1;  // the program comes first
}

build_id hash_of_executable() {
  const unique_fd file(::open(program_file().c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<std::byte> bytes;
  std::byte chunk[1 << 16];
  for (ssize_t n = 0; (n = ::read(file.get(), chunk, sizeof chunk)) > 0;)
    bytes.insert(bytes.end(), chunk, chunk + n);
  const auto sum = core::hash_content(bytes.data(), bytes.size());
  build_id id{};
  std::memcpy(id.data(), &sum, std::min(sizeof sum, id.size()));
  return id;
}

const image& this_image() {
  static const image only = [] {
    image made;
    ::dl_iterate_phdr(first_module, &made);
    if (!made.has_id) made.id = hash_of_executable();
    return made;
  }();
  return only;
}

// .eh_frame_hdr as ld and lld write it: version 1, then a sorted table of 32-bit pairs, relative to
// its own start: where a function begins, and its unwind entry. Source: Linux Standard Base,
// "Exception Frame Header".
bool starts_function(const image& in, std::uintptr_t address) {
  if (in.unwind_index == nullptr || in.unwind_bytes < 12) return false;
  const std::byte* at = in.unwind_index;
  constexpr auto version = std::byte{1};
  constexpr auto udata4 = std::byte{0x03};
  constexpr auto datarel_sdata4 = std::byte{0x3b};
  if (at[0] != version || at[2] != udata4 || at[3] != datarel_sdata4) return false;
  std::uint32_t count = 0;
  std::memcpy(&count, at + 8, sizeof count);
  if (count > (in.unwind_bytes - 12) / 8) return false;
  std::size_t low = 0;
  std::size_t high = count;
  const auto start_of = [&](std::size_t i) {
    std::int32_t offset = 0;
    std::memcpy(&offset, at + 12 + i * 8, sizeof offset);
    return reinterpret_cast<std::uintptr_t>(at) +
           static_cast<std::uintptr_t>(std::intptr_t{offset});
  };
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const std::uintptr_t start = start_of(middle);
    if (start == address) return true;
    if (start < address)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

const part* part_with(const image& in, std::uintptr_t address, std::size_t bytes) {
  for (const auto& each : in.parts)
    if (address >= each.begin && address < each.end && bytes <= each.end - address) return &each;
  return nullptr;
}

}  // namespace

const build_id& this_build() {
  return this_image().id;
}

std::string to_hex(const build_id& id) {
  return core::to_hex_digits(id.data(), id.size());
}

const std::string& program_path() {
  static const std::string path = [] {
    const std::string file = program_file();
    std::error_code unknown;
    const auto target = std::filesystem::read_symlink(file, unknown);
    return unknown ? file : target.string();
  }();
  return path;
}

std::optional<std::uint64_t> offset_in_image(const void* address) {
  const auto& in = this_image();
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  if (part_with(in, at, 1) == nullptr) return std::nullopt;
  return at - in.base;
}

const void* data_at(std::uint64_t offset, std::size_t bytes) {
  const auto& in = this_image();
  const std::uintptr_t at = in.base + static_cast<std::uintptr_t>(offset);
  const part* found = part_with(in, at, bytes);
  if (found == nullptr || (found->flags & PF_R) == 0) return nullptr;
  return reinterpret_cast<const void*>(at);
}

const void* function_at(std::uint64_t offset) {
  const auto& in = this_image();
  const std::uintptr_t at = in.base + static_cast<std::uintptr_t>(offset);
  const part* found = part_with(in, at, 1);
  if (found == nullptr || (found->flags & PF_X) == 0 || !starts_function(in, at)) return nullptr;
  return reinterpret_cast<const void*>(at);
}

std::string module_of(const void* address) {
  if (offset_in_image(address)) return "this program";
  Dl_info info{};
  if (::dladdr(address, &info) != 0 && info.dli_fname != nullptr) return info.dli_fname;
  return "unknown code";
}

}  // namespace clusterless::os
