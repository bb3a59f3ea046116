// SPDX-License-Identifier: MIT
// A text that must not be seen: it prints as ***, cannot be copied by accident, and its memory is
// wiped when it goes. Whoever calls reveal() answers for where the text goes from there.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace clusterless::core {

/// Overwrites the bytes of `text`, in a way the compiler must keep, and empties it.
void wipe(std::string& text) noexcept;

class secret {
 public:
  secret() = default;
  /// Takes the text over and wipes the string it came in.
  explicit secret(std::string&& text);
  secret(secret&& other) noexcept;
  secret& operator=(secret&& other) noexcept;
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;
  ~secret();

  bool empty() const noexcept { return size_ == 0; }
  /// The text itself; valid as long as this secret.
  std::string_view reveal() const noexcept { return {bytes_.get(), size_}; }

 private:
  void clear() noexcept;

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

/// "***", or "" for an empty one, so that "is it set?" can be answered.
std::string to_text(const secret& hidden);
std::ostream& operator<<(std::ostream& out, const secret& hidden);

}  // namespace clusterless::core
