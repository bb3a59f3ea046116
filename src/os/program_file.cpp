// SPDX-License-Identifier: MIT
#include "os/program_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <clusterless/error.hpp>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/checksum.hpp"
#include "os/program.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::os {

namespace {

/// A file in memory. It must not shrink while this looks at it.
class mapped_program {
 public:
  explicit mapped_program(const std::string& path) : path_(path) {
    const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts {};
    if (!fd || ::fstat(fd.get(), &facts) != 0) refuse(std::strerror(errno));
    if (!S_ISREG(facts.st_mode)) refuse("it is no file");
    size_ = static_cast<std::size_t>(facts.st_size);
    if (size_ < sizeof(ElfW(Ehdr))) refuse("it is no program");
    void* at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (at == MAP_FAILED) refuse(std::strerror(errno));
    at_ = static_cast<const char*>(at);
  }
  mapped_program(const mapped_program&) = delete;
  mapped_program& operator=(const mapped_program&) = delete;
  ~mapped_program() { ::munmap(const_cast<char*>(at_), size_); }

  [[noreturn]] void refuse(const std::string& why) const {
    throw error(error_kind::misuse, "cannot read the program " + path_ + ": " + why);
  }
  std::string_view all() const { return {at_, size_}; }
  std::string_view part(std::uint64_t offset, std::uint64_t size) const {
    if (offset > size_ || size > size_ - offset) return {};
    return all().substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
  }
  template <class T>
  std::optional<T> get(std::uint64_t offset) const {
    const std::string_view from = part(offset, sizeof(T));
    if (from.empty()) return std::nullopt;
    T value;
    std::memcpy(&value, from.data(), sizeof value);
    return value;
  }

 private:
  std::string path_;
  const char* at_ = nullptr;
  std::size_t size_ = 0;
};

std::optional<build_id> build_id_in(std::string_view notes) {
  ElfW(Nhdr) note;
  while (notes.size() >= sizeof note) {
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::size_t name = (std::size_t{note.n_namesz} + 3) & ~std::size_t{3};
    const std::size_t body = (std::size_t{note.n_descsz} + 3) & ~std::size_t{3};
    if (name > notes.size() || body > notes.size() - name) return std::nullopt;
    if (note.n_type == NT_GNU_BUILD_ID && notes.substr(0, 4) == std::string_view("GNU\0", 4)) {
      build_id id{};
      std::memcpy(id.data(), notes.data() + name, std::min<std::size_t>(note.n_descsz, id.size()));
      return id;
    }
    notes.remove_prefix(name + body);
  }
  return std::nullopt;
}

build_id hash_of(std::string_view all) {
  const auto sum = core::hash_content(all.data(), all.size());
  build_id id{};
  std::memcpy(id.data(), &sum, std::min(sizeof sum, id.size()));
  return id;
}

void read_segments(const mapped_program& file, const ElfW(Ehdr) & head, program_file_facts& into) {
  std::optional<build_id> id;
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    const auto segment = file.get<ElfW(Phdr)>(head.e_phoff + i * sizeof(ElfW(Phdr)));
    if (!segment) file.refuse("its program headers are damaged");
    if (segment->p_type == PT_INTERP) into.dynamic = true;
    if (segment->p_type == PT_NOTE && !id)
      id = build_id_in(file.part(segment->p_offset, segment->p_filesz));
  }
  into.has_build_id = id.has_value();
  into.build = to_hex(id ? *id : hash_of(file.all()));
}

void read_sections(const mapped_program& file, const ElfW(Ehdr) & head, program_file_facts& into) {
  const auto section = [&](unsigned i) {
    return file.get<ElfW(Shdr)>(head.e_shoff + i * sizeof(ElfW(Shdr)));
  };
  const auto names_at = head.e_shnum == 0 ? std::nullopt : section(head.e_shstrndx);
  for (unsigned i = 0; names_at && i < head.e_shnum; ++i) {
    const auto each = section(i);
    if (!each || each->sh_name >= names_at->sh_size) return;
    const std::string_view names = file.part(names_at->sh_offset, names_at->sh_size);
    if (names.empty()) return;
    const std::string_view rest = names.substr(each->sh_name);
    const std::string_view name = rest.substr(0, rest.find('\0'));
    if (each->sh_type == SHT_SYMTAB) into.symbols = true;
    if (name == ".debug_line" || name == ".zdebug_line") into.debug_info = true;
  }
}

}  // namespace

program_file_facts read_program_file(const std::string& path) {
  const mapped_program file(path);
  const auto head = file.get<ElfW(Ehdr)>(0);
  constexpr int word = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != word)
    file.refuse("it is no program for this machine (no ELF file)");
  if (head->e_type != ET_EXEC && head->e_type != ET_DYN) file.refuse("it is not an executable");
  program_file_facts facts;
  read_segments(file, *head, facts);
  read_sections(file, *head, facts);
  facts.names_the_role = file.all().find("CLUSTERLESS_ROLE") != std::string_view::npos;
  return facts;
}

}  // namespace clusterless::os
