// SPDX-License-Identifier: MIT
#include "engine/azure/pool_check.hpp"

#include <algorithm>

#include "azure/text.hpp"

namespace clusterless::engine {

using azure::lower_case;
using azure::same_word;

bool is_wished(const azure::batch::image_reference& is,
               const azure::batch::image_reference& wished) {
  if (!wished.image_id.empty()) return same_word(is.image_id, wished.image_id);
  return (wished.publisher.empty() || same_word(is.publisher, wished.publisher)) &&
         (wished.offer.empty() || same_word(is.offer, wished.offer)) &&
         (wished.sku.empty() || lower_case(is.sku).starts_with(lower_case(wished.sku)));
}

std::string image_name(const azure::batch::image_reference& of) {
  if (!of.image_id.empty()) return of.image_id;
  std::string name;
  for (const auto& part : {of.publisher, of.offer, of.sku})
    if (!part.empty()) name += (name.empty() ? "" : " ") + part;
  return name;
}

std::string differences(const azure::batch::pool_info& is, const pool_wish& wanted) {
  std::string all;
  const auto add = [&all](const char* what, const std::string& now, const std::string& then) {
    all += (all.empty() ? "" : "; ") + std::string(what) + " is " + (now.empty() ? "none" : now) +
           ", wanted " + (then.empty() ? "none" : then);
  };
  // The service writes sizes in lower case.
  if (!same_word(is.vm_size, wanted.vm_size))
    add("VM size", lower_case(is.vm_size), lower_case(wanted.vm_size));
  if (!is_wished(is.image, wanted.image))
    add("the image", image_name(is.image), image_name(wanted.image));
  if (wanted.inter_node && !is.inter_node) add("inter-node communication", "off", "on");
  if (is.slots_per_node != wanted.tasks_per_node)
    add("the number of tasks on a node", std::to_string(is.slots_per_node),
        std::to_string(wanted.tasks_per_node));
  if (wanted.containers && !is.containers) add("support for containers", "off", "on");
  const auto& registry = wanted.registry;
  const bool known =
      std::any_of(is.registries.begin(), is.registries.end(), [&registry](const auto& each) {
        return same_word(each.server, registry.server) && each.user == registry.user;
      });
  if (!registry.user.empty() && !known) {
    const auto shown = [](const azure::batch::container_registry& of) {
      return of.user + " at " + (of.server.empty() ? "Docker Hub" : of.server);
    };
    add("the container registry", is.registries.empty() ? "" : shown(is.registries.front()),
        shown(registry));
  }
  if (is.start_command != wanted.start_command)
    add("the start task", is.start_command, wanted.start_command);
  return all;
}

}  // namespace clusterless::engine
