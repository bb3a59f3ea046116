// SPDX-License-Identifier: MIT
#include "os/loaded_objects.hpp"

#include <link.h>
#include <sys/auxv.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "os/mappings.hpp"

namespace clusterless::os {

namespace {

struct search {
  std::vector<mapping> mappings = read_mappings();
  std::string started = {};  ///< the file that the kernel started
  std::vector<loaded_object> found = {};
};

// Loaders differ in whether they write the address of the strings down in memory.
const char* strings_of(const ElfW(Dyn) * dynamic, ElfW(Addr) base) {
  for (; dynamic->d_tag != DT_NULL; ++dynamic)
    if (dynamic->d_tag == DT_STRTAB) {
      const auto at = static_cast<std::uintptr_t>(dynamic->d_un.d_ptr);
      return reinterpret_cast<const char*>(at < base ? at + base : at);
    }
  return nullptr;
}

void read_names(const ElfW(Dyn) * dynamic, ElfW(Addr) base, loaded_object& into) {
  const char* strings = strings_of(dynamic, base);
  if (strings == nullptr) return;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_NEEDED) into.needed.emplace_back(strings + dynamic->d_un.d_val);
    if (dynamic->d_tag == DT_SONAME) into.soname = strings + dynamic->d_un.d_val;
  }
}

int add(dl_phdr_info* info, std::size_t, void* data) {
  auto& in = *static_cast<search*>(data);
  loaded_object made;
  const mapping* file = nullptr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    const ElfW(Addr) at = info->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD && file == nullptr) file = mapping_with(in.mappings, at);
    if (part.p_type == PT_DYNAMIC)
      read_names(reinterpret_cast<const ElfW(Dyn)*>(at), info->dlpi_addr, made);
  }
  // What the kernel maps into every process is no file.
  if (file == nullptr || file->path.empty() || file->path.front() != '/') return 0;
  made.path = file->path;
  made.deleted = file->deleted;
  const auto kernel_put_it = ::getauxval(AT_BASE);
  made.loader = !in.found.empty() &&
                (kernel_put_it != 0 ? info->dlpi_addr == kernel_put_it : made.path == in.started);
  in.found.push_back(std::move(made));
  return 0;
}

}  // namespace

std::vector<loaded_object> loaded_objects() {
  search all;
  std::error_code unknown;
  all.started = std::filesystem::read_symlink("/proc/self/exe", unknown).string();
  ::dl_iterate_phdr(add, &all);
  return std::move(all.found);
}

}  // namespace clusterless::os
