// SPDX-License-Identifier: MIT
#include "cli/save.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clusterless/error.hpp>
#include <cstring>
#include <filesystem>
#include <set>

#include "cli/console.hpp"
#include "cli/npy.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::cli {

namespace {

[[noreturn]] void cannot_write(const std::string& path, int cause) {
  throw error(error_kind::failed, "cannot write " + path + ": " + std::strerror(cause));
}

void make_directory(const std::string& path) {
  std::error_code problem;
  std::filesystem::create_directories(path, problem);
  if (problem) cannot_write(path, problem.value());
}

bytes bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// A name that was not used before: "2-out.dat" for the second out.dat of an item.
std::string unused(const std::string& name, std::set<std::string>& used) {
  std::string chosen = name;
  for (int n = 2; !used.insert(chosen).second; ++n)
    chosen = std::to_string(n) + '-' + name;
  return chosen;
}

std::vector<std::string> save_files(const std::vector<met_file>& files,
                                    const std::string& directory) {
  for (const met_file& each : files)
    check_file_name(each.name);
  make_directory(directory);
  std::vector<std::string> paths;
  std::set<std::string> used;
  for (const met_file& each : files) {
    const std::string name = unused(each.name, used);
    check_file_name(name);
    paths.push_back(directory + '/' + name);
    save_parts(paths.back(), {each.contents}, each.mode);
  }
  return paths;
}

}  // namespace

void check_file_name(const std::string& name) {
  const bool plain = !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
                     name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
  if (!plain)
    throw error(error_kind::misuse,
                "a file in the value is called '" + on_one_line(name.substr(0, 80)) +
                    "', which is no plain file name; nothing of this item was saved");
}

void save_parts(const std::string& path, const std::vector<bytes>& parts, std::uint32_t mode) {
  // What is put there replaces what was: never a device, a pipe or a link to one.
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode))
    throw error(error_kind::misuse,
                "cannot write " + on_one_line(path) + ": it is no regular file; name another one");
  const std::string temporary =
      path.substr(0, path.rfind('/') + 1) + ".clusterless-" + std::to_string(::getpid()) + ".part";
  ::unlink(temporary.c_str());
  const os::unique_fd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) cannot_write(path, errno);
  int cause = 0;
  for (bytes part : parts) {
    while (!part.empty() && cause == 0) {
      const ssize_t n = ::write(fd.get(), part.data(), part.size());
      if (n > 0)
        part = part.subspan(static_cast<std::size_t>(n));
      else if (errno != EINTR)
        cause = n == 0 ? EIO : errno;
    }
  }
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (cause == 0 && ::fchmod(fd.get(), mode & 0777 & ~mask) != 0) cause = errno;
  if (cause == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) cause = errno;
  if (cause == 0) return;
  ::unlink(temporary.c_str());
  cannot_write(path, cause);
}

std::vector<std::string> save_in_directory(const type& of, bytes value, std::uint64_t item,
                                           const std::string& directory) {
  make_directory(directory);
  const std::string base = directory + '/' + std::to_string(item);
  if (const auto array = as_npy(of, value)) {
    save_parts(base + ".npy", {bytes_of(array->head), array->data});
    return {base + ".npy"};
  }
  std::vector<met_file> files;
  const json whole = decode_value(of, value, {.files = &files});
  std::vector<std::string> paths;
  if (!files.empty()) paths = save_files(files, base);
  if (of.is != type::kind::file) {
    const std::string text = whole.dump(2) + '\n';
    paths.push_back(base + ".json");
    save_parts(paths.back(), {bytes_of(text)});
  }
  return paths;
}

void save_as(const type& of, bytes value, const std::string& path) {
  if (of.is == type::kind::file) {
    std::vector<met_file> files;
    decode_value(of, value, {.files = &files});
    save_parts(path, {files.at(0).contents}, files.at(0).mode);
    return;
  }
  if (path.ends_with(".npy")) {
    const auto array = as_npy(of, value);
    if (!array)
      throw error(error_kind::misuse, "a value of type " + in_words(of) +
                                          " is no array of numbers and cannot be saved as .npy; "
                                          "choose a name that ends in .json");
    save_parts(path, {bytes_of(array->head), array->data});
    return;
  }
  const std::string text = decode_value(of, value).dump(2) + '\n';
  save_parts(path, {bytes_of(text)});
}

}  // namespace clusterless::cli
