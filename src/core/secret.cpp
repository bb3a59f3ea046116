// SPDX-License-Identifier: MIT
#include "core/secret.hpp"

#include <cstring>
#include <ostream>
#include <utility>

namespace clusterless::core {

void wipe(std::string& text) noexcept {
  ::explicit_bzero(text.data(), text.capacity());
  text.clear();
}

secret::secret(std::string&& text) : bytes_(new char[text.size()]), size_(text.size()) {
  if (size_ > 0) std::memcpy(bytes_.get(), text.data(), size_);
  wipe(text);
}

secret::secret(secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

secret& secret::operator=(secret&& other) noexcept {
  if (this != &other) {
    clear();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

secret::~secret() {
  clear();
}

void secret::clear() noexcept {
  if (bytes_) ::explicit_bzero(bytes_.get(), size_);
  bytes_.reset();
  size_ = 0;
}

std::string to_text(const secret& hidden) {
  return hidden.empty() ? "" : "***";
}

std::ostream& operator<<(std::ostream& out, const secret& hidden) {
  return out << to_text(hidden);
}

}  // namespace clusterless::core
