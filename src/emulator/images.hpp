// SPDX-License-Identifier: MIT
// The images that the emulator says it supports: some that are current, one that is not verified
// and one at the end of its support, so that a client's choice among them can be tested.
#pragma once

#include "emulator/json.hpp"

namespace clusterless::emulator {

/// Entries of GET /supportedimages.
const json& known_images();

}  // namespace clusterless::emulator
