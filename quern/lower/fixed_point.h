#pragma once

#include <cstdint>
#include <optional>

namespace quern {

/// A real number as multiplier / 2^shift, as quern_requantize reads it.
struct FixedPoint {
  std::int32_t multiplier = 0;  ///< Q0.31: 2^30 ≤ |multiplier| < 2^31, fewer where shift is 62.
  std::uint8_t shift = 1;       ///< 1 to 62.

  bool operator==(const FixedPoint&) const = default;
};

/// The nearest fixed-point number, within |value| · 2^−31 (2^−63 where shift is 62); none where
/// |value| is 2^30 or more.
std::optional<FixedPoint> fixed_point(double value);

}  // namespace quern
