#pragma once

#include <cstdint>

namespace quern::internal {

/// Channels that one call takes together.
inline constexpr std::int64_t kTapLanes = 16;
/// Taps of either side that one call takes together: all sums of them stay in registers.
inline constexpr std::int64_t kTapTile = 3;

/// Over a row of windows, for kTapTile taps of either side:
///
///     sums[i][j][c] += Σ_w a[i][w · step + c] · b[j][w · step + c]
///
/// @param sums  [kTapTile, kTapTile, kTapLanes]
using TapProducts = void (*)(const float* const* a, const float* const* b, std::int64_t windows,
                             std::int64_t step, float* sums);

/// The kernel of the active instruction set; all give the same bits.
TapProducts tap_products();

}  // namespace quern::internal
