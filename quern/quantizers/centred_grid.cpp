#include "quern/quantizers/centred_grid.h"

#include <cmath>
#include <limits>

#include "quern/quantizers/pointwise_gradient.h"
#include "quern/quantizers/vector_math.h"

namespace quern {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

constexpr float kMostCodes = 256;

constexpr float kLeastScale = 0x1p-40F;
constexpr float kLargestScale = 0x1p40F;

/// Far below half of any scale, and still a normal number after its division by one: others are
/// slow to compute with.
constexpr float kAboveZero = 0x1p-60F;

/// The last value for which `holds`, which it does up to there; `near` is off by a rounding or two.
template <class Holds>
float last_where(float near, const Holds& holds) {
  while (!holds(near)) near = std::nextafter(near, -kInfinity);
  for (float v = near; holds(v); v = std::nextafter(v, kInfinity)) near = v;
  return near;
}

/// The largest value whose quotient is not above `code`, which is not negative.
float end_of(float code, float scale) {
  if (code == 0) return 0;
  return last_where(code * scale, [&](float v) { return v / scale <= code; });
}

}  // namespace

std::optional<CentredGrid> centred_grid(const GradientPass& pass) {
  const bool is_centred = !pass.bipolar && pass.zero_point == 0 && pass.qmin <= 0 &&
                          pass.qmax > 0 && pass.qmax - pass.qmin < kMostCodes;
  const bool is_usual = pass.scale >= kLeastScale && pass.scale <= kLargestScale;  // No NaN is.
  if (!is_centred || !is_usual) return std::nullopt;
  const float lowest = -end_of(-pass.qmin, pass.scale);
  const float highest = end_of(pass.qmax, pass.scale);
  const bool begins_at_zero = pass.low == 0;
  if (!(begins_at_zero || pass.low < lowest) || !(pass.high > highest)) return std::nullopt;
  const float inverse = 1 / pass.scale;
  const CentredGrid grid{.low = begins_at_zero ? kAboveZero : lowest,
                         .high = highest,
                         .inverse = inverse,
                         .rest = std::fma(-inverse, pass.scale, 1.0F) / pass.scale};
  return has_codes_of_quotients(grid, pass) ? std::optional(grid) : std::nullopt;
}

bool has_codes_of_quotients(const CentredGrid& grid, const GradientPass& pass) {
  const auto code_of = [&](float v) {
    return round_half_even(std::fma(v, grid.inverse, v * grid.rest));
  };
  for (float code = pass.qmin; code < pass.qmax; ++code) {
    const float last = last_where((code + 0.5F) * pass.scale,
                                  [&](float v) { return round_half_even(v / pass.scale) <= code; });
    if (code_of(last) != code || code_of(std::nextafter(last, kInfinity)) != code + 1) return false;
  }
  return true;
}

}  // namespace quern
