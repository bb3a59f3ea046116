// SPDX-License-Identifier: MIT
#include "bundle/bundle.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <set>
#include <utility>

#include <clusterless/error.hpp>

#include "core/checksum.hpp"
#include "os/symbol_table.hpp"
#include "os/tls_stream.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::bundle {

namespace {

constexpr const char* program_name = "program";
constexpr const char* loader_name = "ld.so";
constexpr const char* library_folder = "lib";

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

const os::loaded_object* find(const std::vector<os::loaded_object>& in, const std::string& name) {
  for (const bool by_soname : {true, false})
    for (const auto& each : in)
      if (name == (by_soname ? each.soname : file_name(each.path))) return &each;
  return nullptr;
}

/// The loader may have taken a library made for this very processor; a node may have another.
std::string for_any_processor(const std::string& path) {
  const std::size_t at = path.find("/glibc-hwcaps/");
  if (at == std::string::npos) return path;
  const std::string plain = path.substr(0, at + 1) + file_name(path);
  return std::filesystem::exists(plain) ? plain : path;
}

void require_present(const os::loaded_object& object) {
  if (object.deleted)
    throw error(error_kind::failed, object.path +
                                        " was removed or replaced since this program was started, "
                                        "so that nodes would get another; start the program again");
}

void measure(bundle_file& of) {
  const os::unique_fd file(::open(of.path.c_str(), O_RDONLY | O_CLOEXEC));
  core::content_stream sum;
  std::vector<std::byte> chunk(std::size_t{1} << 20);
  ssize_t n = file ? 1 : -1;
  while (n > 0) {
    n = ::read(file.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR)
      n = 1;
    else if (n > 0) {
      sum.add(chunk.data(), static_cast<std::size_t>(n));
      of.size += static_cast<std::uint64_t>(n);
    }
  }
  if (n < 0)
    throw error(error_kind::failed, "cannot read " + of.path + " (" + std::strerror(errno) +
                                        "), which nodes need to run this program");
  of.hash = core::to_hex(sum.sum());
}

bool has_loader(const bundle& of) {
  return std::any_of(of.files.begin(), of.files.end(),
                     [](const bundle_file& each) { return each.name == loader_name; });
}

std::string in_double_quotes(const std::string& word) {
  std::string text = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\' || c == '`') text += '\\';
    text += c;
  }
  return text + '"';
}

}  // namespace

std::vector<bundle_file> choose_files(const std::vector<os::loaded_object>& objects,
                                      const std::vector<std::string>& later) {
  std::vector<bundle_file> files;
  const auto loader =
      std::find_if(objects.begin(), objects.end(), [](const auto& each) { return each.loader; });
  files.push_back({program_name, objects.front().path, {}, 0});
  if (loader == objects.end()) return files;
  require_present(*loader);
  files.push_back({loader_name, loader->path, {}, 0});
  std::deque<std::pair<std::string, std::string>> wanted;  // name, by whom
  const auto want_all_of = [&wanted](const os::loaded_object& object) {
    for (const auto& name : object.needed)
      wanted.emplace_back(name, object.path);
  };
  want_all_of(objects.front());
  for (const auto& name : later)
    wanted.emplace_back(name, "links between hosts");
  std::set<std::string> seen;
  for (; !wanted.empty(); wanted.pop_front()) {
    const auto [name, by] = wanted.front();
    if (!seen.insert(name).second) continue;
    if (name.find('/') != std::string::npos)
      throw error(error_kind::unsupported,
                  by + " is linked with the library " + name +
                      " by its path, which nodes do not have; give the library a name "
                      "(-Wl,-soname,NAME) and link again");
    const os::loaded_object* found = find(objects, name);
    if (found == nullptr)
      throw error(error_kind::failed,
                  "the library " + name + ", which " + by + " needs, is not loaded here");
    if (found->loader) continue;
    require_present(*found);
    files.push_back(
        {std::string(library_folder) + '/' + name, for_any_processor(found->path), {}, 0});
    want_all_of(*found);
  }
  return files;
}

bundle make_bundle(bool several_hosts) {
  auto objects = os::loaded_objects();
  const bool alone =
      std::none_of(objects.begin(), objects.end(), [](const auto& each) { return each.loader; });
  std::vector<std::string> later;
  if (several_hosts && !alone) {
    later = os::load_tls();
    objects = os::loaded_objects();
  }
  bundle made;
  made.files = choose_files(objects, later);
  made.files.front().path = os::program_file();  // can be read after a deletion
  std::string all;
  for (auto& each : made.files) {
    measure(each);
    made.size += each.size;
    all += each.name + ' ' + std::to_string(each.size) + ' ' + each.hash + '\n';
  }
  made.hash = core::to_hex(core::hash_content(all.data(), all.size()));
  return made;
}

std::vector<std::string> start_arguments(const std::string& folder, const bundle& of) {
  const auto in_folder = [&folder](const char* name) { return folder + '/' + name; };
  if (!has_loader(of)) return {in_folder(program_name)};
  return {in_folder(loader_name), "--library-path", in_folder(library_folder),
          in_folder(program_name)};
}

std::string start_command(const std::string& folder, const bundle& of) {
  std::string text;
  for (const auto& word : start_arguments(folder, of))
    text += (text.empty() ? "" : " ") + in_double_quotes(word);
  return text;
}

}  // namespace clusterless::bundle
