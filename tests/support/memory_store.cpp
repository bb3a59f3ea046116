// SPDX-License-Identifier: MIT
#include "support/memory_store.hpp"

#include <algorithm>
#include <clusterless/error.hpp>
#include <cstring>

namespace clusterless::tests {

using store::bytes;

class memory_store::memory_appender final : public store::appender {
 public:
  memory_appender(std::shared_ptr<state> in, std::string key, std::size_t size)
      : in_(std::move(in)), key_(std::move(key)), size_(size) {}

  void append(std::span<const bytes> parts) override {
    const std::lock_guard lock(in_->mutex);
    std::vector<std::byte>& content = object();
    std::uint64_t n = 0;
    for (const bytes part : parts)
      n += part.size();
    in_->need_space(n);
    for (const bytes part : parts)
      content.insert(content.end(), part.begin(), part.end());
    size_ = content.size();
  }
  void sync() override {}
  std::uint64_t size() const override { return size_; }
  void cut_to(std::uint64_t size) override {
    const std::lock_guard lock(in_->mutex);
    object().resize(static_cast<std::size_t>(size));
    size_ = static_cast<std::size_t>(size);
  }

 private:
  std::vector<std::byte>& object() {
    const auto at = in_->objects.find(key_);
    if (at == in_->objects.end())
      throw error(error_kind::lost, key_ + " was removed while it was being written");
    if (at->second.size() != size_)
      throw error(error_kind::lost, "somebody else is writing to " + key_);
    return at->second;
  }
  std::shared_ptr<state> in_;
  std::string key_;
  std::size_t size_;
};

class memory_store::memory_hold final : public store::hold {
 public:
  memory_hold(std::shared_ptr<state> in, std::string key)
      : in_(std::move(in)), key_(std::move(key)) {}
  ~memory_hold() override {
    const std::lock_guard lock(in_->mutex);
    in_->held.erase(key_);
  }

 private:
  std::shared_ptr<state> in_;
  std::string key_;
};

void memory_store::state::need_space(std::uint64_t more) const {
  std::uint64_t used = 0;
  for (const auto& [key, content] : objects)
    used += content.size();
  if (used + more > space)
    throw error(error_kind::busy,
                "store memory is full: " + std::to_string(more) + " bytes could not be written");
}

memory_store::memory_store() : state_(std::make_shared<state>()) {}

std::string memory_store::place(const std::string& key) const {
  return key.empty() ? "memory" : "memory/" + key;
}

std::optional<store::buffer> memory_store::get(const std::string& key) const {
  store::check_key(key);
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->objects.find(key);
  if (at == state_->objects.end()) return std::nullopt;
  store::buffer content;
  content.append(at->second.data(), at->second.size());
  return content;
}

std::size_t memory_store::read(const std::string& key, std::uint64_t offset,
                               std::span<std::byte> into) const {
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->objects.find(key);
  if (at == state_->objects.end())
    throw error(error_kind::failed, "cannot read " + place(key) + ": there is no such object");
  if (offset >= at->second.size()) return 0;
  const auto n = std::min<std::size_t>(into.size(), at->second.size() - offset);
  std::memcpy(into.data(), at->second.data() + offset, n);
  return n;
}

std::optional<std::uint64_t> memory_store::size(const std::string& key) const {
  store::check_key(key);
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->objects.find(key);
  if (at == state_->objects.end()) return std::nullopt;
  return at->second.size();
}

std::vector<store::object_info> memory_store::list(const std::string& prefix) const {
  const std::lock_guard lock(state_->mutex);
  std::vector<store::object_info> found;
  for (const auto& [key, content] : state_->objects)
    if (prefix.empty() || key == prefix || key.starts_with(prefix + "/"))
      found.push_back({key, content.size()});
  return found;
}

void memory_store::put(const std::string& key, bytes content) {
  store::check_key(key);
  const std::lock_guard lock(state_->mutex);
  state_->need_space(content.size());
  state_->objects[key].assign(content.begin(), content.end());
}

bool memory_store::put_new(const std::string& key, bytes content) {
  store::check_key(key);
  const std::lock_guard lock(state_->mutex);
  if (state_->objects.count(key) != 0) return false;
  state_->need_space(content.size());
  state_->objects[key].assign(content.begin(), content.end());
  return true;
}

std::vector<store::failure> memory_store::remove(const std::string& prefix) {
  store::check_key(prefix);
  const std::lock_guard lock(state_->mutex);
  std::erase_if(state_->objects, [&](const auto& object) {
    return object.first == prefix || object.first.starts_with(prefix + "/");
  });
  return {};
}

std::unique_ptr<store::appender> memory_store::append_to(const std::string& key) {
  store::check_key(key);
  const std::lock_guard lock(state_->mutex);
  return std::make_unique<memory_appender>(state_, key, state_->objects[key].size());
}

std::unique_ptr<store::hold> memory_store::try_hold(const std::string& key) {
  store::check_key(key);
  const std::lock_guard lock(state_->mutex);
  if (!state_->held.insert(key).second && !state_->ignores_holds) return nullptr;
  return std::make_unique<memory_hold>(state_, key);
}

std::optional<store::holder> memory_store::held_by(const std::string& key) const {
  const std::lock_guard lock(state_->mutex);
  if (state_->held.count(key) == 0) return std::nullopt;
  return store::holder{"this-host", 1, 1, 1};
}

void memory_store::limit_space(std::uint64_t n) {
  const std::lock_guard lock(state_->mutex);
  state_->space = n;
}

void memory_store::ignore_holds() {
  const std::lock_guard lock(state_->mutex);
  state_->ignores_holds = true;
}

std::vector<std::byte> memory_store::content(const std::string& key) const {
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->objects.find(key);
  return at == state_->objects.end() ? std::vector<std::byte>() : at->second;
}

void memory_store::set_content(const std::string& key, std::vector<std::byte> content) {
  const std::lock_guard lock(state_->mutex);
  state_->objects[key] = std::move(content);
}

}  // namespace clusterless::tests
