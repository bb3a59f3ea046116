// SPDX-License-Identifier: MIT
// Appending to a blob of the blob store.
#pragma once

#include <memory>
#include <string>

#include "store/blob/lanes.hpp"
#include "store/store.hpp"

namespace clusterless::store {

/// The appender of `key`, whose blob is created empty when there is none. `over` is kept.
std::unique_ptr<appender> open_blob_appender(std::shared_ptr<lanes> over, const std::string& key);

}  // namespace clusterless::store
