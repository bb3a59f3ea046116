// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <vector>

#include "azure/blob_transfer.hpp"
#include "azure/crypto.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::azure {
namespace {

constexpr std::size_t check_bytes = 1u << 20;

[[noreturn]] void cannot_write(const std::string& path) {
  throw error(errno == ENOSPC ? error_kind::busy : error_kind::failed,
              "cannot write " + path + ": " + std::generic_category().message(errno) +
                  "; make room, or correct the path or its permissions");
}

/// Where the bytes go: memory, or a file that gets its name at the end.
class sink {
 public:
  virtual ~sink() = default;
  virtual bool takes(std::uint64_t size) = 0;
  /// Memory that the transport may write to; empty: it keeps them, and put() is called.
  virtual std::span<std::byte> at(std::uint64_t offset, std::size_t n) = 0;
  virtual void put(std::uint64_t offset, std::string_view bytes) = 0;
  virtual std::string md5_of_all() = 0;
  virtual void keep() = 0;
};

class memory_sink final : public sink {
 public:
  explicit memory_sink(std::span<std::byte> into) : into_(into) {}
  bool takes(std::uint64_t size) override { return size == into_.size(); }
  std::span<std::byte> at(std::uint64_t offset, std::size_t n) override {
    return into_.subspan(static_cast<std::size_t>(offset), n);
  }
  void put(std::uint64_t, std::string_view) override {}
  std::string md5_of_all() override { return md5(into_); }
  void keep() override {}

 private:
  std::span<std::byte> into_;
};

class file_sink final : public sink {
 public:
  explicit file_sink(std::string path)
      : path_(std::move(path)),
        part_(path_ + ".part"),
        fd_(::open(part_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (!fd_) cannot_write(part_);
  }
  ~file_sink() override {
    if (!kept_) ::unlink(part_.c_str());
  }
  bool takes(std::uint64_t) override { return true; }
  std::span<std::byte> at(std::uint64_t, std::size_t) override { return {}; }
  void put(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) cannot_write(part_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
  }
  std::string md5_of_all() override {
    md5_sum sum;
    std::vector<std::byte> buffer(check_bytes);
    for (off_t at = 0;;) {
      const auto n = ::pread(fd_.get(), buffer.data(), buffer.size(), at);
      if (n <= 0) break;
      sum.add(std::span(buffer).first(static_cast<std::size_t>(n)));
      at += n;
    }
    return sum.finish();
  }
  void keep() override {
    if (::rename(part_.c_str(), path_.c_str()) != 0) cannot_write(path_);
    kept_ = true;
  }

 private:
  std::string path_, part_;
  os::unique_fd fd_;
  bool kept_ = false;
};

class downloader : public std::enable_shared_from_this<downloader> {
 public:
  downloader(blob_client& from, std::string container, std::string name, std::unique_ptr<sink> into,
             transfer_options how, then<std::optional<blob_facts>> then)
      : from_(from),
        container_(std::move(container)),
        name_(std::move(name)),
        into_(std::move(into)),
        how_(how),
        then_(std::move(then)) {}

  void begin() {
    from_.head(container_, name_,
               [self = shared_from_this()](result<std::optional<blob_facts>> got) {
                 if (!got || !got.value()) return self->then_(std::move(got));
                 self->facts_ = *got.value();
                 if (!self->into_->takes(self->facts_.size))
                   return self->then_(
                       self->wrong("SizeMismatch", "it has another size than the memory for it"));
                 self->go_on();
               });
  }

 private:
  service_error wrong(const char* code, const char* message) const {
    service_error out;
    out.what = "read blob " + container_ + "/" + name_;
    out.status = 200;
    out.code = code;
    out.message = message;
    return out;
  }

  void go_on() {
    while (!failed_ && under_way_ < how_.parallel && next_ < facts_.size)
      ask();
    if (under_way_ > 0) return;
    if (failed_) return then_(*failed_);
    if (!facts_.md5.empty() && base64(into_->md5_of_all()) != facts_.md5)
      return then_(wrong("Md5Mismatch", "the bytes that arrived are not those that were stored"));
    into_->keep();
    then_(std::optional(facts_));
  }

  void ask() {
    const std::uint64_t offset = next_;
    const auto n =
        static_cast<std::size_t>(std::min<std::uint64_t>(how_.block_bytes, facts_.size - offset));
    next_ += n;
    ++under_way_;
    from_.get(container_, name_, {offset, n}, into_->at(offset, n), facts_.etag,
              [self = shared_from_this(), offset, n](result<std::optional<blob_content>> got) {
                --self->under_way_;
                self->took(offset, n, std::move(got));
                self->go_on();
              });
  }

  void took(std::uint64_t offset, std::size_t n, result<std::optional<blob_content>> got) {
    if (failed_) return;
    if (!got) {
      failed_ = got.error();
    } else if (!got.value()) {
      failed_ = wrong("BlobNotFound", "it was removed while it was being read");
    } else if (got.value()->received != n) {
      failed_ = wrong("SizeMismatch", "a part of it did not arrive whole");
    } else {
      into_->put(offset, got.value()->body);
    }
  }

  blob_client& from_;
  std::string container_, name_;
  std::unique_ptr<sink> into_;
  transfer_options how_;
  then<std::optional<blob_facts>> then_;
  blob_facts facts_;
  std::uint64_t next_ = 0;
  int under_way_ = 0;
  std::optional<service_error> failed_;
};

}  // namespace

void download(blob_client& from, const std::string& container, const std::string& name,
              std::span<std::byte> into, const transfer_options& how,
              then<std::optional<blob_facts>> then) {
  std::make_shared<downloader>(from, container, name, std::make_unique<memory_sink>(into), how,
                               std::move(then))
      ->begin();
}

void download_file(blob_client& from, const std::string& container, const std::string& name,
                   const std::string& path, const transfer_options& how,
                   then<std::optional<blob_facts>> then) {
  std::make_shared<downloader>(from, container, name, std::make_unique<file_sink>(path), how,
                               std::move(then))
      ->begin();
}

}  // namespace clusterless::azure
