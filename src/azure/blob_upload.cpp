// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <memory>
#include <set>
#include <system_error>
#include <vector>

#include "azure/blob_transfer.hpp"
#include "azure/crypto.hpp"
#include "core/checksum.hpp"
#include "os/unique_fd.hpp"

namespace clusterless::azure {
namespace {

/// Gives `n` bytes from `offset`, in the buffer or where they are.
using source = std::function<std::span<const std::byte>(std::uint64_t offset, std::size_t n,
                                                        std::vector<std::byte>& buffer)>;

[[noreturn]] void cannot_read(const std::string& path, int cause) {
  throw error(error_kind::misuse, "cannot read " + path + ": " +
                                      std::generic_category().message(cause) +
                                      "; correct the path or its permissions");
}

class uploader : public std::enable_shared_from_this<uploader> {
 public:
  uploader(blob_client& to, std::string container, std::string name, source from,
           std::uint64_t size, upload_options how, then<bool> then)
      : to_(to),
        container_(std::move(container)),
        name_(std::move(name)),
        from_(std::move(from)),
        size_(size),
        how_(std::move(how)),
        then_(std::move(then)),
        writer_(random_uuid()) {
    how_.transfer.block_bytes = std::max<std::size_t>(how_.transfer.block_bytes, 1);
  }

  void begin() {
    if (size_ <= how_.transfer.block_bytes) return put_whole();
    to_.get_block_list(container_, name_, [self = shared_from_this()](result<block_list> got) {
      if (got)
        for (const block& one : got->uncommitted)
          self->there_.insert(one.id);
      self->go_on();
    });
  }

 private:
  void put_whole() {
    const auto bytes = from_(0, static_cast<std::size_t>(size_), whole_);
    if (how_.only_new) {
      to_.put_new(container_, name_, bytes, how_.put,
                  [self = shared_from_this()](result<bool> got) { self->then_(std::move(got)); });
      return;
    }
    to_.put(container_, name_, bytes, how_.put,
            [self = shared_from_this()](const result<blob_facts>& got) {
              if (!got) return self->then_(got.error());
              self->then_(true);
            });
  }

  void go_on() {
    while (!failed_ && under_way_ < how_.transfer.parallel && next_ < size_)
      send_block();
    if (under_way_ > 0) return;
    if (failed_) return then_(*failed_);
    commit();
  }

  void send_block() {
    const auto n =
        static_cast<std::size_t>(std::min<std::uint64_t>(how_.transfer.block_bytes, size_ - next_));
    auto buffer = std::make_shared<std::vector<std::byte>>();
    const auto bytes = from_(next_, n, *buffer);
    sum_.add(bytes);
    // The content is in the id: what an earlier upload left is used only when it is the same.
    char index[9];
    std::snprintf(index, sizeof index, "%08zx", ids_.size());
    const std::string id =
        base64(index + core::to_hex(core::checksum64(bytes.data(), bytes.size(), n)));
    ids_.push_back(id);
    next_ += n;
    if (there_.count(id) != 0) return;
    ++under_way_;
    to_.put_block(container_, name_, id, bytes,
                  [self = shared_from_this(), buffer](const result<done>& got) {
                    --self->under_way_;
                    if (!got && !self->failed_) self->failed_ = got.error();
                    self->go_on();
                  });
  }

  void commit() {
    put_options how = how_.put;
    how.metadata["writer"] = writer_;
    if (how_.only_new) how.if_match = "*absent";
    to_.put_block_list(
        container_, name_, ids_, base64(sum_.finish()), how,
        [self = shared_from_this()](const result<blob_facts>& got) { self->committed(got); });
  }

  void committed(const result<blob_facts>& got) {
    if (got) return then_(true);
    const service_error& why = got.error();
    if (why.status != 409 && why.status != 412) return then_(why);
    // A repeated request meets what its first copy did.
    to_.head(container_, name_,
             [self = shared_from_this(), why](result<std::optional<blob_facts>> there) {
               if (!there) return self->then_(there.error());
               const auto& facts = there.value();
               const auto by = facts ? facts->metadata.find("writer") : metadata::const_iterator();
               const bool ours =
                   facts && by != facts->metadata.end() && by->second == self->writer_;
               if (ours) return self->then_(true);
               if (facts && self->how_.only_new) return self->then_(false);
               self->then_(why);
             });
  }

  blob_client& to_;
  std::string container_, name_;
  source from_;
  std::uint64_t size_;
  upload_options how_;
  then<bool> then_;
  std::string writer_;
  std::vector<std::byte> whole_;
  std::set<std::string> there_;
  std::vector<std::string> ids_;
  md5_sum sum_;
  std::uint64_t next_ = 0;
  int under_way_ = 0;
  std::optional<service_error> failed_;
};

}  // namespace

void upload(blob_client& to, const std::string& container, const std::string& name,
            std::span<const std::byte> content, const upload_options& how, then<bool> then) {
  const source from = [content](std::uint64_t offset, std::size_t n, std::vector<std::byte>&) {
    return content.subspan(static_cast<std::size_t>(offset), n);
  };
  std::make_shared<uploader>(to, container, name, from, content.size(), how, std::move(then))
      ->begin();
}

void upload_file(blob_client& to, const std::string& container, const std::string& name,
                 const std::string& path, const upload_options& how, then<bool> then) {
  auto fd = std::make_shared<os::unique_fd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info = {};
  if (!*fd || ::fstat(fd->get(), &info) != 0) cannot_read(path, errno);
  const source from = [fd, path](std::uint64_t offset, std::size_t n,
                                 std::vector<std::byte>& buffer) -> std::span<const std::byte> {
    buffer.resize(n);
    std::size_t have = 0;
    while (have < n) {
      const auto got =
          ::pread(fd->get(), buffer.data() + have, n - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) cannot_read(path, errno);
      if (got == 0)
        throw error(error_kind::failed, path +
                                            " became shorter while it was being sent; send it "
                                            "again when nobody writes to it");
      have += static_cast<std::size_t>(got);
    }
    return buffer;
  };
  std::make_shared<uploader>(to, container, name, from, static_cast<std::uint64_t>(info.st_size),
                             how, std::move(then))
      ->begin();
}

}  // namespace clusterless::azure
