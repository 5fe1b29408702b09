#pragma once

#include <cstdint>

namespace quern::internal {

/// Channels that one call takes together: what 9 × 9 sums of them need stays in the first cache.
inline constexpr std::int64_t kTapChannels = 32;

/// For a window at one position: sums[(i · taps + j) · kTapChannels + c] += a[i][c] · b[j][c] for
/// all taps i and j ≥ (symmetric ? i : 0). A null tap lies in the padding, which is 0.
/// @param channels  At most kTapChannels.
using TapProducts = void (*)(const float* const* a, const float* const* b, std::int64_t taps,
                             std::int64_t channels, bool symmetric, float* sums);

/// The kernel of the active instruction set; all give the same bits.
TapProducts tap_products();

}  // namespace quern::internal
