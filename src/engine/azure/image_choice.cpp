// SPDX-License-Identifier: MIT
#include "engine/azure/image_choice.hpp"

#include <algorithm>
#include <cctype>

#include <clusterless/error.hpp>

#include "azure/text.hpp"
#include "engine/azure/pool_check.hpp"

namespace clusterless::engine {

namespace {

using azure::batch::image_support;

constexpr std::int64_t day_ms = 24ll * 3600 * 1000;

bool holds(const std::string& text, const char* part) {
  return azure::lower_case(text).find(part) != std::string::npos;
}

// The numbers in an agent's name, "batch.node.ubuntu 24.04", tell which is newer.
std::vector<long> numbers_of(const std::string& text) {
  std::vector<long> all;
  for (std::size_t at = 0; at < text.size();) {
    if (!std::isdigit(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    std::size_t used = 0;
    all.push_back(std::stol(text.substr(at, 9), &used));
    at += used;
  }
  return all;
}

int liking(const image_support& image) {
  if (holds(image.node_agent, "ubuntu")) return 2;
  if (holds(image.node_agent, "debian")) return 1;
  return 0;
}

bool can_be_used(const image_support& image, bool containers, std::int64_t now_ms) {
  if (!image.verified || !azure::same_word(image.os, "linux")) return false;
  if (holds(image.image.sku, "arm64") || holds(image.image.offer, "arm64")) return false;
  if (image.end_of_support_ms != 0 && image.end_of_support_ms < now_ms + 30 * day_ms) return false;
  const bool docker = std::any_of(image.abilities.begin(), image.abilities.end(),
                                  [](const auto& each) { return each == "DockerCompatible"; });
  return docker || !containers;
}

// Those for machines of high-performance computing come with drivers that others do not need.
bool is_plain(const image_support& image) {
  return !holds(image.image.publisher, "dsvm") && !holds(image.image.offer, "hpc");
}

}  // namespace

image_choice choose_image(const std::vector<image_support>& all, const image_wish& wish,
                          std::int64_t now_ms) {
  std::vector<const image_support*> usable;
  for (const auto& each : all)
    if (can_be_used(each, wish.containers, now_ms)) usable.push_back(&each);
  const auto better = [](const image_support& a, const image_support& b) {
    const int x = liking(a), y = liking(b);
    if (x != y) return x > y;
    const auto m = numbers_of(a.node_agent), n = numbers_of(b.node_agent);
    if (m != n) return m > n;
    return is_plain(a) && !is_plain(b);
  };
  const auto best = [&](const image_wish& of) {
    const image_support* found = nullptr;
    for (const auto* each : usable)
      if (is_wished(each->image, {of.publisher, of.offer, of.sku, {}, {}}) &&
          (found == nullptr || better(*each, *found)))
        found = each;
    return found;
  };
  if (const auto* wished = best(wish)) return {*wished, {}};
  const auto* other = best({});
  if (other == nullptr)
    throw error(error_kind::failed,
                std::string("the service has no Linux image that it has verified and still "
                            "supports") +
                    (wish.containers ? " and that runs containers" : "") +
                    "; ask the administrator of the account");
  const std::string wished = image_name({wish.publisher, wish.offer, wish.sku, {}, {}});
  return {*other, "the service does not support the image " + wished + " (any more)" +
                      (wish.containers ? " for containers" : "") + "; nodes get " +
                      image_name(other->image)};
}

}  // namespace clusterless::engine
