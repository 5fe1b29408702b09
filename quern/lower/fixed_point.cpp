#include "quern/lower/fixed_point.h"

#include <algorithm>
#include <cmath>

namespace quern {

std::optional<FixedPoint> fixed_point(double value) {
  constexpr int kBits = 31;
  constexpr int kMostShift = 62;
  int exponent = 0;
  std::frexp(value, &exponent);  // |value| in [2^(exponent − 1), 2^exponent)
  int shift = std::min(kBits - exponent, kMostShift);
  std::int64_t multiplier = std::llround(std::ldexp(value, shift));
  if (std::abs(multiplier) == std::int64_t{1} << kBits) {
    multiplier /= 2;
    --shift;
  }
  if (shift < 1) return std::nullopt;
  return FixedPoint{static_cast<std::int32_t>(multiplier), static_cast<std::uint8_t>(shift)};
}

}  // namespace quern
