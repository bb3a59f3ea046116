// SPDX-License-Identifier: MIT
// A store in memory, for tests of what stands on stores. It can be full, can lose or change bytes,
// and can forget who holds what, as a file system without locks does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace clusterless::tests {

class memory_store final : public store::object_store {
 public:
  memory_store();

  std::string place(const std::string& key = {}) const override;
  std::optional<store::buffer> get(const std::string& key) const override;
  std::size_t read(const std::string& key, std::uint64_t offset,
                   std::span<std::byte> into) const override;
  std::optional<std::uint64_t> size(const std::string& key) const override;
  std::vector<store::object_info> list(const std::string& prefix) const override;
  void put(const std::string& key, store::bytes content) override;
  bool put_new(const std::string& key, store::bytes content) override;
  std::vector<store::failure> remove(const std::string& prefix) override;
  std::unique_ptr<store::appender> append_to(const std::string& key) override;
  std::unique_ptr<store::hold> try_hold(const std::string& key) override;
  std::optional<store::holder> held_by(const std::string& key) const override;

  /// Writes that would bring all objects together above `n` bytes fail as on a full disk.
  void limit_space(std::uint64_t n);
  /// From now on every try_hold succeeds.
  void ignore_holds();
  /// The bytes of an object, to be looked at; empty when there is none.
  std::vector<std::byte> content(const std::string& key) const;
  /// Replaces them behind the back of everybody.
  void set_content(const std::string& key, std::vector<std::byte> content);

 private:
  struct state {
    mutable std::mutex mutex;
    std::map<std::string, std::vector<std::byte>> objects;
    std::set<std::string> held;
    std::uint64_t space = std::numeric_limits<std::uint64_t>::max();
    bool ignores_holds = false;
    void need_space(std::uint64_t more) const;
  };
  class memory_appender;
  class memory_hold;
  std::shared_ptr<state> state_;
};

}  // namespace clusterless::tests
