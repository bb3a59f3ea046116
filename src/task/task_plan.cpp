// SPDX-License-Identifier: MIT
#include "task/task_plan.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include <clusterless/codec.hpp>
#include <clusterless/detail/pack.hpp>
#include <clusterless/error.hpp>

#include "core/checksum.hpp"
#include "core/defaults.hpp"
#include "core/text.hpp"
#include "task/flat.hpp"

namespace clusterless::task {

namespace {

constexpr std::uint64_t plan_kind = 0x314e414c504c43;       // "CLPLAN1"
constexpr std::uint64_t broadcast_kind = 0x31545343424c43;  // "CLBCST1"
constexpr const char* plan_words = "the plan of this task";
constexpr const char* broadcast_words = "the file of a broadcast value";

/// What is stored before the items.
struct plan_facts {
  std::array<std::uint8_t, 20> build_id = {};
  std::int32_t pool = 1;
  std::int32_t nodes = 1;
  std::int32_t procs_per_node = 1;
  std::int32_t omp_threads = 1;
  bool keep_going = true;
  std::uint64_t key = 0;
  std::uint64_t task = 0;
  std::int32_t attempt = 1;
  std::uint64_t call = 0;
  std::uint64_t entry_offset = 0;
  std::uint64_t target_offset = 0;
  std::uint64_t max_item_bytes = 0;
  bool by_reference = true;
  std::int64_t timeout_ns = 0;
  std::string env = {};
  std::vector<std::byte> bound = {};
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

byte_view bytes_of(const std::uint64_t& number) {
  return std::as_bytes(std::span(&number, 1));
}

std::uint64_t take_number(byte_view& from, const char* words) {
  std::uint64_t number = 0;
  if (from.size() < sizeof number) refuse(words, "it is cut short");
  std::memcpy(&number, from.data(), sizeof number);
  from = from.subspan(sizeof number);
  return number;
}

/// An odd environment block would be read past its end by nobody, but mean nothing either.
bool sound(const plan_facts& facts) {
  const auto is_count = [](std::int32_t n) {
    return n >= 1 && n <= defaults::max_workers_per_pool;
  };
  return is_count(facts.nodes) && is_count(facts.procs_per_node) && is_count(facts.omp_threads) &&
         facts.pool >= 1 && facts.count != 0 && facts.first + facts.count > facts.first &&
         facts.attempt >= 1 && facts.timeout_ns >= 0 &&
         (facts.env.empty() || facts.env.back() == '\0');
}

core::call_ptr call_of(plan_facts& facts) {
  auto call = std::make_shared<core::call_spec>();
  call->id = facts.call;
  call->entry_offset = facts.entry_offset;
  call->target_offset = facts.target_offset;
  call->max_item_bytes = facts.max_item_bytes;
  call->by_reference = facts.by_reference;
  call->env = std::move(facts.env);
  call->bound = std::move(facts.bound);
  call->timeout = facts.timeout_ns;
  return call;
}

}  // namespace

std::vector<std::byte> encode_plan(const task_plan& plan) {
  const auto& order = plan.order;
  plan_facts facts;
  facts.build_id = plan.build_id;
  facts.pool = plan.pool;
  facts.nodes = order.shape.nodes;
  facts.procs_per_node = order.shape.procs_per_node;
  facts.omp_threads = plan.omp_threads;
  facts.keep_going = plan.keep_going;
  facts.key = order.key;
  facts.task = order.task;
  facts.attempt = order.attempt;
  facts.call = order.call->id;
  facts.entry_offset = order.call->entry_offset;
  facts.target_offset = order.call->target_offset;
  facts.max_item_bytes = order.call->max_item_bytes;
  facts.by_reference = order.call->by_reference;
  facts.timeout_ns = order.call->timeout;
  facts.env = order.call->env;
  facts.bound = order.call->bound;
  facts.first = order.items.first;
  facts.count = order.items.count;
  detail::buffer head;
  writer out(head);
  codec<plan_facts>::put(out, facts);
  const std::uint64_t head_size = head.size();
  const byte_view items{order.items.pack->data + order.items.offset, order.items.size};
  const flat_parts body(items, referred_to(items, order.items.pack->beside));
  std::vector<byte_view> parts{bytes_of(head_size), {head.data(), head.size()}};
  parts.insert(parts.end(), body.parts().begin(), body.parts().end());
  return seal(plan_kind, parts);
}

task_plan decode_plan(const std::byte* from, std::size_t size) {
  byte_view rest = unseal(plan_kind, plan_words, {from, size});
  const std::uint64_t head_size = take_number(rest, plan_words);
  if (head_size > rest.size()) refuse(plan_words, "it is cut short");
  reader in(rest.data(), static_cast<std::size_t>(head_size));
  plan_facts facts;
  try {
    facts = codec<plan_facts>::get(in);
    expect_end(in);
  } catch (const codec_error& caught) {
    refuse(plan_words, caught.what());
  }
  if (!sound(facts)) refuse(plan_words, "its numbers make no sense");
  const auto items = read_flat(rest.subspan(static_cast<std::size_t>(head_size)));
  if (!items || !detail::is_pack(items->payload.data(), items->payload.size(), facts.count))
    refuse(plan_words, "its items are damaged");

  task_plan plan;
  plan.build_id = facts.build_id;
  plan.pool = facts.pool;
  plan.omp_threads = facts.omp_threads;
  plan.keep_going = facts.keep_going;
  plan.order.key = facts.key;
  plan.order.task = facts.task;
  plan.order.attempt = facts.attempt;
  plan.order.shape = {facts.nodes, facts.procs_per_node};
  plan.order.call = call_of(facts);
  detail::buffer copied;
  copied.append(items->payload.data(), items->payload.size());
  auto pack = std::make_shared<core::item_pack>(facts.first, facts.count, std::move(copied),
                                                in_memory(items->beside));
  plan.order.items = {facts.first, facts.count, pack, 0, pack->size};
  return plan;
}

std::string plan_text(const std::vector<std::byte>& plan) {
  return core::to_hex_digits(plan.data(), plan.size());
}

std::vector<std::byte> plan_from_text(std::string_view text) {
  auto plan = core::from_hex_digits(text);
  if (!plan) refuse("the plan of this task", "it was cut short or is not what was sent");
  return std::move(*plan);
}

std::vector<std::byte> encode_broadcast(const core::broadcast_bytes& value) {
  const flat_parts body({value.bytes.data(), value.bytes.size()}, value.beside);
  std::vector<byte_view> parts{bytes_of(value.key[0]), bytes_of(value.key[1])};
  parts.insert(parts.end(), body.parts().begin(), body.parts().end());
  return seal(broadcast_kind, parts);
}

std::string broadcast_file_name(const std::uint64_t (&key)[2]) {
  return core::to_hex(core::content_hash{key[0], key[1]});
}

core::broadcast_bytes decode_broadcast(const std::uint64_t (&key)[2], const std::byte* from,
                                       std::size_t size) {
  byte_view rest = unseal(broadcast_kind, broadcast_words, {from, size});
  core::broadcast_bytes value;
  for (auto& each : value.key)
    each = take_number(rest, broadcast_words);
  if (!std::equal(value.key, value.key + 2, key))
    refuse(broadcast_words, "it holds another value than its name says");
  const auto body = read_flat(rest);
  if (!body) refuse(broadcast_words, "it is damaged");
  value.bytes.append(body->payload.data(), body->payload.size());
  value.beside = in_memory(body->beside);
  return value;
}

}  // namespace clusterless::task
