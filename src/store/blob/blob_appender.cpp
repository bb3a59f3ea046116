// SPDX-License-Identifier: MIT
#include "store/blob/blob_appender.hpp"

#include <algorithm>
#include <clusterless/error.hpp>
#include <cstdio>
#include <utility>
#include <vector>

#include "azure/crypto.hpp"

namespace clusterless::store {
namespace {

using azure::blob_client;
using azure::blob_facts;

// A list is sent with every append and may have 50,000 blocks: small ones at its end are made one.
constexpr std::size_t small_blocks = 64;
constexpr std::uint64_t small_bytes = std::uint64_t{4} << 20;
constexpr std::size_t copy_bytes = std::size_t{8} << 20;

class blob_appender final : public appender {
 public:
  blob_appender(std::shared_ptr<lanes> over, std::string key, const blob_facts& facts,
                std::vector<azure::block> blocks)
      : over_(std::move(over)),
        key_(std::move(key)),
        etag_(facts.etag),
        size_(facts.size),
        blocks_(std::move(blocks)),
        writer_(azure::random_uuid()) {}

  void append(std::span<const bytes> parts) override;
  void sync() override {}  // an append returns when it is committed
  std::uint64_t size() const override { return size_; }
  void cut_to(std::uint64_t size) override;

 private:
  std::string place() const { return over_->container() + "/" + key_; }
  azure::block put_block(bytes content);
  void commit(std::vector<azure::block> blocks, std::uint64_t size);
  buffer read(std::uint64_t offset, std::uint64_t n) const;
  void add_copy(std::vector<azure::block>& to, std::uint64_t offset, std::uint64_t end);
  void merge(std::vector<azure::block>& blocks);
  void take_whole(std::vector<azure::block>& blocks);

  std::shared_ptr<lanes> over_;
  std::string key_;
  std::string etag_;
  std::uint64_t size_;
  std::vector<azure::block> blocks_;
  std::string writer_;
  std::uint32_t made_ = 0;  // blocks and commits
};

std::uint64_t total(const std::vector<azure::block>& of) {
  std::uint64_t n = 0;
  for (const azure::block& one : of)
    n += one.size;
  return n;
}

azure::block blob_appender::put_block(bytes content) {
  // As long as the ids that blob_transfer makes: one blob may have blocks of both.
  char number[9];
  std::snprintf(number, sizeof number, "%08x", static_cast<unsigned>(++made_));
  const std::string id =
      azure::base64(writer_.substr(0, 8) + writer_.substr(28, 8) + std::string(number));
  over_
      ->ask<azure::done>([&](blob_client& blobs, auto then) {
        blobs.put_block(over_->container(), key_, id, content, std::move(then));
      })
      .value();
  return {id, content.size()};
}

buffer blob_appender::read(std::uint64_t offset, std::uint64_t n) const {
  buffer out;
  const auto got =
      over_->ask<std::optional<azure::blob_content>>([&](blob_client& blobs, auto then) {
        blobs.get(over_->container(), key_, {offset, n}, {}, etag_, std::move(then));
      });
  if (!got.value() || got.value()->received != n)
    throw error(error_kind::lost, place() + " changed while it was being written");
  const std::string& body = got.value()->body;
  out.append(reinterpret_cast<const std::byte*>(body.data()), body.size());
  return out;
}

void blob_appender::add_copy(std::vector<azure::block>& to, std::uint64_t offset,
                             std::uint64_t end) {
  while (offset < end) {
    const std::uint64_t n = std::min<std::uint64_t>(copy_bytes, end - offset);
    const buffer part = read(offset, n);
    to.push_back(put_block({part.data(), part.size()}));
    offset += n;
  }
}

/// A blob that was put in one request has no list of blocks yet.
void blob_appender::take_whole(std::vector<azure::block>& blocks) {
  if (total(blocks) == size_) return;
  blocks.clear();
  add_copy(blocks, 0, size_);
}

void blob_appender::merge(std::vector<azure::block>& blocks) {
  std::uint64_t n = 0;
  std::size_t first = blocks.size();
  while (first > 0 && n + blocks[first - 1].size <= small_bytes)
    n += blocks[--first].size;
  if (blocks.size() - first < small_blocks) return;
  const std::uint64_t end = total(blocks);
  blocks.resize(first);
  add_copy(blocks, end - n, end);
}

void blob_appender::commit(std::vector<azure::block> blocks, std::uint64_t size) {
  std::vector<std::string> ids;
  ids.reserve(blocks.size());
  for (const azure::block& one : blocks)
    ids.push_back(one.id);
  const std::string mark = writer_ + "-" + std::to_string(++made_);
  const auto got = over_->ask<blob_facts>([&](blob_client& blobs, auto then) {
    blobs.put_block_list(over_->container(), key_, ids, {},
                         {.if_match = etag_, .metadata = {{"writer", mark}}}, std::move(then));
  });
  if (got) {
    etag_ = got->etag;
  } else {
    const azure::service_error& why = got.error();
    // 400 InvalidBlockList: another commit came between ours and its blocks, and dropped them.
    if (why.status != 412 && why.status != 404 && !why.is("InvalidBlockList")) why.raise();
    const auto there = over_->ask<std::optional<blob_facts>>([&](blob_client& blobs, auto then) {
      blobs.head(over_->container(), key_, std::move(then));
    });
    if (!there.value())
      throw error(error_kind::lost, place() + " was removed while it was being written");
    const auto by = there.value()->metadata.find("writer");
    // Ours when only the answer was lost, and the repeated request met its own work.
    if (by == there.value()->metadata.end() || by->second != mark)
      throw error(error_kind::lost, "somebody else is writing to " + place());
    etag_ = there.value()->etag;
  }
  blocks_ = std::move(blocks);
  size_ = size;
}

void blob_appender::append(std::span<const bytes> parts) {
  std::size_t n = 0;
  for (const bytes part : parts)
    n += part.size();
  if (n == 0) return;
  std::vector<std::byte> joined;
  bytes content;
  for (const bytes part : parts) {
    if (part.size() == n) content = part;
  }
  if (content.empty()) {
    joined.reserve(n);
    for (const bytes part : parts)
      joined.insert(joined.end(), part.begin(), part.end());
    content = joined;
  }
  std::vector<azure::block> blocks = blocks_;
  take_whole(blocks);
  merge(blocks);
  blocks.push_back(put_block(content));
  commit(std::move(blocks), size_ + n);
}

void blob_appender::cut_to(std::uint64_t size) {
  if (size > size_)
    throw error(error_kind::misuse, "cut_to(" + std::to_string(size) + "): " + place() +
                                        " has only " + std::to_string(size_) + " bytes");
  if (size == size_) return;
  std::vector<azure::block> blocks = blocks_;
  if (total(blocks) != size_) blocks.clear();
  std::uint64_t kept = total(blocks);
  while (kept > size) {
    kept -= blocks.back().size;
    blocks.pop_back();
  }
  add_copy(blocks, kept, size);
  commit(std::move(blocks), size);
}

}  // namespace

std::unique_ptr<appender> open_blob_appender(std::shared_ptr<lanes> over, const std::string& key) {
  const auto look = [&] {
    return over->ask<std::optional<blob_facts>>([&](blob_client& blobs, auto then) {
      blobs.head(over->container(), key, std::move(then));
    });
  };
  auto facts = look();
  if (!facts.value()) {
    over->ask_with_container<bool>([&](blob_client& blobs, auto then) {
          blobs.put_new(over->container(), key, {}, {}, std::move(then));
        })
        .value();
    facts = look();
    if (!facts.value())
      throw error(error_kind::lost,
                  over->container() + "/" + key + " was removed while it was being opened");
  }
  auto blocks = over->ask<azure::block_list>([&](blob_client& blobs, auto then) {
    blobs.get_block_list(over->container(), key, std::move(then));
  });
  std::vector<azure::block> committed = std::move(blocks.value().committed);
  return std::make_unique<blob_appender>(std::move(over), key, *facts.value(),
                                         std::move(committed));
}

}  // namespace clusterless::store
