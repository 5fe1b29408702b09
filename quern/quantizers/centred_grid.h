#pragma once

#include <optional>

namespace quern {

struct GradientPass;

/// What a clip and a grid whose zero is code 0 come down to: one clamp, and no division.
///
///     w = clamp(u, low, high)     y = round(w · inverse + w · rest) · scale
///
/// with the second product rounded and the first one not, as a fused multiply-add has it. The sum
/// is not the quotient w / scale for every w, but it rounds to the same code. Gradients go through
/// where w is u.
///
/// Source of the sum: Brisebarre, Muller, Raina, "Accelerating Correctly Rounded Floating-Point
/// Division when the Divisor Is Known in Advance", IEEE Transactions on Computers 53, 2004.
struct CentredGrid {
  float low = 0;  ///< Of a clip at 0: the number behind which values count as above it.
  float high = 0;
  float inverse = 0;
  float rest = 0;  ///< 1 / scale − inverse
};

/// That of a pass with up to 256 codes and a scale within 2^±40. None where the clip cuts the grid
/// elsewhere than at 0, or where `has_codes_of_quotients` does not hold.
std::optional<CentredGrid> centred_grid(const GradientPass& pass);

/// Whether all values have the codes of their quotients. Codes rise with values, so the last value
/// of every code and the one behind it decide.
bool has_codes_of_quotients(const CentredGrid& grid, const GradientPass& pass);

}  // namespace quern
