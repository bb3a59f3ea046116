// SPDX-License-Identifier: MIT
// The time, as the client of Azure asks for it; a clock turned by hand stands in for it in tests.
#pragma once

#include <cstdint>

namespace clusterless::azure {

class clock {
 public:
  virtual ~clock() = default;
  /// Milliseconds that only ever grow.
  virtual std::int64_t steady_ms() const = 0;
  /// Unix time in seconds, as this machine believes it to be.
  virtual std::int64_t unix_seconds() const = 0;
};

/// The machine's clock.
const clock& machine_clock();

}  // namespace clusterless::azure
