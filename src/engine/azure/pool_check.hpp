// SPDX-License-Identifier: MIT
// Whether a pool that is there is one that a program can use as its own. Pure comparison; what the
// service lets one change of a pool, its size and formula, is not looked at.
#pragma once

#include <string>

#include "azure/batch_types.hpp"

namespace clusterless::engine {

/// What a pool is to be.
struct pool_wish {
  std::string vm_size = {};
  azure::batch::image_reference image = {};  ///< empty, or some of it: any that fits
  bool inter_node = false;
  int tasks_per_node = 1;
  bool containers = false;
  azure::batch::container_registry registry = {};  ///< without user: none
  std::string start_command = {};
};

/// How the pool `is` differs from the one that is wanted, each thing with what it is and what was
/// wanted: "VM size is a, wanted b; …". Empty when it can be used as it is: with more abilities
/// than were asked for, too.
std::string differences(const azure::batch::pool_info& is, const pool_wish& wanted);

/// Whether an image is the one wished for; an SKU that is wished for is the start of one.
bool is_wished(const azure::batch::image_reference& is,
               const azure::batch::image_reference& wished);
/// "canonical ubuntu-24_04-lts server", or the resource id of one's own.
std::string image_name(const azure::batch::image_reference& of);

}  // namespace clusterless::engine
