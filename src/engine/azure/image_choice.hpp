// SPDX-License-Identifier: MIT
// Which image the nodes of a pool get, out of what the service supports today.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "azure/batch_types.hpp"

namespace clusterless::engine {

/// What is asked for; empty: anything. `sku` is the start of one.
struct image_wish {
  std::string publisher = {};
  std::string offer = {};
  std::string sku = {};
  bool containers = false;
};

struct image_choice {
  azure::batch::image_support image = {};
  std::string note = {};  ///< why it is not what was asked for; empty when it is
};

/// The image that fits: verified by the service, Linux, for x86-64, supported for 30 days from
/// `now_ms` on at least. With no wish it is the newest Ubuntu, else the newest Debian, else any.
/// Programs bring their own C library, so that of the image does not matter. What is not supported
/// any more, as in old parameter files, is replaced by the choice without a wish, with a note.
/// Throws `error` (failed) when the service has no image that can be used.
image_choice choose_image(const std::vector<azure::batch::image_support>& all,
                          const image_wish& wish, std::int64_t now_ms);

}  // namespace clusterless::engine
