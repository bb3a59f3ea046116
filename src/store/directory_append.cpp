// SPDX-License-Identifier: MIT
// Appending to a file of the directory store.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <clusterless/error.hpp>

#include "store/directory_files.hpp"

namespace clusterless::store {
namespace {

class file_appender final : public appender {
 public:
  file_appender(descriptor fd, directory_root root, std::string key, std::uint64_t size,
                bool created)
      : fd_(std::move(fd)),
        root_(std::move(root)),
        key_(std::move(key)),
        size_(size),
        unlisted_(created) {}

  void append(std::span<const bytes> parts) override;
  void sync() override;
  std::uint64_t size() const override { return size_; }
  void cut_to(std::uint64_t size) override;

 private:
  void check() const;
  std::string path() const { return root_.path + "/" + key_; }

  descriptor fd_;
  directory_root root_;
  std::string key_;
  std::uint64_t size_;
  bool unlisted_;        // created, and the folder not synced since
  bool broken_ = false;  // what is in the file is no longer known
};

void file_appender::check() const {
  if (broken_)
    throw error(error_kind::failed, "cannot write " + path() +
                                        ": an earlier failure left it in an unknown state; reopen "
                                        "the job to go on from what was committed");
  struct stat info;
  if (::fstat(fd_.get(), &info) != 0) throw_io("examine", path(), errno, root_.path);
  if (info.st_nlink == 0)
    throw error(error_kind::lost, path() + " was removed while it was being written");
  if (static_cast<std::uint64_t>(info.st_size) != size_)
    throw error(error_kind::lost, path() + " has " + std::to_string(info.st_size) +
                                      " bytes instead of " + std::to_string(size_) +
                                      ": somebody else is writing to it");
}

void file_appender::append(std::span<const bytes> parts) {
  check();
  std::uint64_t n = 0;
  for (const bytes part : parts)
    n += part.size();
  if (const int cause = write_all(fd_.get(), size_, parts)) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) broken_ = true;
    throw_io("write", path(), cause, root_.path, n);
  }
  size_ += n;
}

void file_appender::sync() {
  if (broken_) check();
  int cause = ::fdatasync(fd_.get()) == 0 ? 0 : errno;
  if (cause == 0 && unlisted_) cause = sync_folder(root_.fd, key_);
  if (cause != 0) {
    // The kernel reports a failed write-back once and then forgets which pages it lost.
    broken_ = true;
    throw_io("make durable", path(), cause, root_.path);
  }
  unlisted_ = false;
}

void file_appender::cut_to(std::uint64_t size) {
  check();
  if (size > size_)
    throw error(error_kind::misuse, "cut_to(" + std::to_string(size) + "): " + path() +
                                        " has only " + std::to_string(size_) + " bytes");
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
    throw_io("cut", path(), errno, root_.path);
  size_ = size;
}

}  // namespace

std::unique_ptr<appender> open_appender(const directory_root& root, const std::string& key) {
  const std::string path = root.path + "/" + key;
  constexpr int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
  descriptor fd(::openat(root.fd, key.c_str(), flags));
  const bool created = !fd && errno == ENOENT;
  if (created) {
    if (const int cause = make_folders(root.fd, key)) throw_io("write", path, cause, root.path);
    fd = descriptor(::openat(root.fd, key.c_str(), flags | O_CREAT, 0600));
  }
  if (!fd) throw_io("write", path, errno, root.path);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) throw_io("examine", path, errno, root.path);
  return std::make_unique<file_appender>(std::move(fd), root, key,
                                         static_cast<std::uint64_t>(info.st_size), created);
}

}  // namespace clusterless::store
