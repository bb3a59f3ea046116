// SPDX-License-Identifier: MIT
#include "os/symbol_table.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "os/mappings.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::os {
namespace {

// The first object that the dynamic linker lists is the program.
struct program {
  std::uintptr_t load_base = 0;
  std::uintptr_t headers = 0;
};

program find_program() {
  program found;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        *static_cast<program*>(data) = {info->dlpi_addr,
                                        reinterpret_cast<std::uintptr_t>(info->dlpi_phdr)};
        return 1;
      },
      &found);
  return found;
}

// A file mapped for reading; every access is checked against its size.
class mapped_file {
 public:
  explicit mapped_file(const std::string& path) {
    const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info = {};
    if (!fd || ::fstat(fd.get(), &info) != 0 || info.st_size <= 0) return;
    const auto size = static_cast<std::size_t>(info.st_size);
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (at == MAP_FAILED) return;
    bytes_ = {static_cast<const char*>(at), size};
  }
  mapped_file(const mapped_file&) = delete;
  mapped_file& operator=(const mapped_file&) = delete;
  ~mapped_file() {
    if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }

  std::string_view part(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return {};
    return bytes_.substr(offset, size);
  }

  template <class T>
  std::optional<T> get(std::uint64_t offset) const {
    const std::string_view from = part(offset, sizeof(T));
    if (from.empty()) return std::nullopt;
    T value;
    std::memcpy(&value, from.data(), sizeof(T));
    return value;
  }

 private:
  std::string_view bytes_;
};

std::string symbol_in(const mapped_file& file, const ElfW(Ehdr) & header,
                      const ElfW(Shdr) & section, std::uint64_t address) {
  const auto names = file.get<ElfW(Shdr)>(header.e_shoff + section.sh_link * sizeof(ElfW(Shdr)));
  if (!names) return "";
  const std::string_view strings = file.part(names->sh_offset, names->sh_size);
  const std::string_view table = file.part(section.sh_offset, section.sh_size);
  for (std::size_t at = 0; at + sizeof(ElfW(Sym)) <= table.size(); at += sizeof(ElfW(Sym))) {
    ElfW(Sym) symbol;
    std::memcpy(&symbol, table.data() + at, sizeof symbol);
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || address < symbol.st_value ||
        address - symbol.st_value >= symbol.st_size || symbol.st_name >= strings.size())
      continue;
    const std::string_view name = strings.substr(symbol.st_name);
    return std::string(name.substr(0, name.find('\0')));
  }
  return "";
}

}  // namespace

std::string program_file() {
  std::string link = "/proc/self/exe";
  std::error_code unknown;
  const std::string started = std::filesystem::read_symlink(link, unknown).string();
  const auto mappings = read_mappings();
  const mapping* own = mapping_with(mappings, find_program().headers);
  if (unknown || own == nullptr || own->path.empty()) return link;
  if (started == own->path || (own->deleted && started.starts_with(own->path))) return link;
  return own->path;
}

std::string find_symbol(const void* address) {
  const mapped_file file(program_file());
  const auto header = file.get<ElfW(Ehdr)>(0);
  const std::uint64_t inside = reinterpret_cast<std::uintptr_t>(address) - find_program().load_base;
  if (header && std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0) {
    for (unsigned i = 0; i < header->e_shnum; ++i) {
      const auto section = file.get<ElfW(Shdr)>(header->e_shoff + i * sizeof(ElfW(Shdr)));
      if (!section || section->sh_type != SHT_SYMTAB) continue;
      std::string name = symbol_in(file, *header, *section, inside);
      if (!name.empty()) return name;
    }
  }
  Dl_info exported = {};
  if (::dladdr(address, &exported) != 0 && exported.dli_sname != nullptr) return exported.dli_sname;
  return "";
}

}  // namespace clusterless::os
