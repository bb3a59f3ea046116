// SPDX-License-Identifier: MIT
#include "store/blob/blob_store.hpp"

#include <algorithm>
#include <clusterless/error.hpp>
#include <utility>

#include "azure/blob_transfer.hpp"
#include "store/blob/blob_appender.hpp"
#include "store/blob/blob_hold.hpp"

namespace clusterless::store {
namespace {

using azure::blob_client;
using azure::byte_range;

constexpr int removals_at_once = 16;
constexpr std::uint64_t first_look = std::uint64_t{4} << 20;

/// Removes the blobs of `keys`, several at once, and gathers what could not be.
class removal : public std::enable_shared_from_this<removal> {
 public:
  removal(blob_client& of, const std::string& container, std::vector<std::string> keys,
          azure::then<std::vector<failure>> then)
      : of_(of), container_(container), keys_(std::move(keys)), then_(std::move(then)) {}

  void go_on() {
    while (under_way_ < removals_at_once && next_ < keys_.size()) {
      const std::string key = keys_[next_++];
      ++under_way_;
      of_.remove(container_, key, [self = shared_from_this(), key](const azure::result<bool>& got) {
        --self->under_way_;
        if (!got) self->failures_.push_back({key, got.error().text()});
        self->go_on();
      });
    }
    if (under_way_ == 0 && next_ == keys_.size() && then_)
      std::exchange(then_, nullptr)(std::move(failures_));
  }

 private:
  blob_client& of_;
  std::string container_;
  std::vector<std::string> keys_;
  azure::then<std::vector<failure>> then_;
  std::vector<failure> failures_;
  std::size_t next_ = 0;
  int under_way_ = 0;
};

class blob_store final : public object_store {
 public:
  blob_store(azure::storage_account account, std::string container,
             const blob_store_options& options)
      : lease_s_(options.lease_s),
        over_(std::make_shared<lanes>(std::move(account), std::move(container), options.retry)),
        keeper_(std::make_shared<lease_keeper>(over_, options.lease_s)) {}

  std::string place(const std::string& key) const override {
    return over_->account().endpoint + "/" + over_->container() + (key.empty() ? "" : "/" + key);
  }
  std::optional<buffer> get(const std::string& key) const override;
  std::size_t read(const std::string& key, std::uint64_t offset,
                   std::span<std::byte> into) const override;
  std::optional<std::uint64_t> size(const std::string& key) const override;
  std::vector<object_info> list(const std::string& prefix) const override;
  void put(const std::string& key, bytes content) override { upload(key, content, false); }
  bool put_new(const std::string& key, bytes content) override {
    return upload(key, content, true);
  }
  std::vector<failure> remove(const std::string& prefix) override;
  std::unique_ptr<appender> append_to(const std::string& key) override {
    check_key(key);
    return open_blob_appender(over_, key);
  }
  std::unique_ptr<hold> try_hold(const std::string& key) override {
    check_key(key);
    return lease_keeper::try_hold(keeper_, key);
  }
  std::chrono::seconds holds_linger() const override {
    return std::chrono::seconds(lease_s_ + 1);  // the service counts whole seconds
  }
  std::optional<holder> held_by(const std::string& key) const override {
    check_key(key);
    return keeper_->held_by(key);
  }

 private:
  bool upload(const std::string& key, bytes content, bool only_new);
  std::optional<azure::blob_facts> look(const std::string& key) const;

  int lease_s_;
  std::shared_ptr<lanes> over_;
  std::shared_ptr<lease_keeper> keeper_;
};

std::optional<azure::blob_facts> blob_store::look(const std::string& key) const {
  return over_
      ->ask<std::optional<azure::blob_facts>>([&](blob_client& blobs, auto then) {
        blobs.head(over_->container(), key, std::move(then));
      })
      .value();
}

std::optional<buffer> blob_store::get(const std::string& key) const {
  check_key(key);
  // Most objects are small: one request for what may be all of it, checked by the service's MD5.
  const auto first =
      over_->ask<std::optional<azure::blob_content>>([&](blob_client& blobs, auto then) {
        blobs.get(over_->container(), key, byte_range{0, first_look}, {}, {}, std::move(then));
      });
  if (!first.value()) return std::nullopt;
  const azure::blob_content& head = *first.value();
  buffer out;
  if (head.facts.size <= head.received) {
    out.append(head.body.data(), head.received);
    return out;
  }
  out.extend(static_cast<std::size_t>(head.facts.size));
  const auto got = over_->ask<std::optional<azure::blob_facts>>([&](blob_client& blobs, auto then) {
    azure::download(blobs, over_->container(), key, {out.data(), out.size()}, {}, std::move(then));
  });
  // It was replaced between the two looks: readers see one or the other, whole.
  if (!got && (got.error().status == 412 || got.error().is("SizeMismatch"))) return get(key);
  if (!got.value()) return std::nullopt;
  return out;
}

std::size_t blob_store::read(const std::string& key, std::uint64_t offset,
                             std::span<std::byte> into) const {
  check_key(key);
  if (into.empty()) return 0;
  const auto got = over_->ask<std::optional<azure::blob_content>>([&](blob_client& blobs,
                                                                      auto then) {
    blobs.get(over_->container(), key, byte_range{offset, into.size()}, into, {}, std::move(then));
  });
  if (!got.value())
    throw error(error_kind::failed, "cannot read " + place(key) + ": there is no such object");
  return got.value()->received;
}

std::optional<std::uint64_t> blob_store::size(const std::string& key) const {
  check_key(key);
  const auto facts = look(key);
  if (!facts) return std::nullopt;
  return facts->size;
}

std::vector<object_info> blob_store::list(const std::string& prefix) const {
  std::vector<object_info> found;
  if (!prefix.empty()) {
    check_key(prefix);
    if (const auto exact = look(prefix)) found.push_back({prefix, exact->size});
  }
  std::string marker;
  do {
    auto page = over_->ask<azure::blob_page>([&](blob_client& blobs, auto then) {
      blobs.list(over_->container(), prefix.empty() ? "" : prefix + "/", marker, std::move(then));
    });
    if (!page && page.error().is("ContainerNotFound")) break;
    for (azure::blob_entry& one : page.value().blobs)
      found.push_back({std::move(one.name), one.size});
    marker = page->next;
  } while (!marker.empty());
  std::sort(found.begin(), found.end(),
            [](const object_info& a, const object_info& b) { return a.key < b.key; });
  return found;
}

bool blob_store::upload(const std::string& key, bytes content, bool only_new) {
  check_key(key);
  return over_
      ->ask_with_container<bool>([&](blob_client& blobs, auto then) {
        azure::upload(blobs, over_->container(), key, content, {.only_new = only_new},
                      std::move(then));
      })
      .value();
}

std::vector<failure> blob_store::remove(const std::string& prefix) {
  check_key(prefix);
  std::vector<std::string> keys;
  for (object_info& one : list(prefix))
    keys.push_back(std::move(one.key));
  if (keys.empty()) return {};
  return over_
      ->ask<std::vector<failure>>([&](blob_client& blobs, auto then) {
        std::make_shared<removal>(blobs, over_->container(), std::move(keys), std::move(then))
            ->go_on();
      })
      .value();
}

}  // namespace

std::unique_ptr<object_store> open_blob_store(azure::storage_account account, std::string container,
                                              const blob_store_options& options) {
  return std::make_unique<blob_store>(std::move(account), std::move(container), options);
}

}  // namespace clusterless::store
