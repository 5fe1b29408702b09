#pragma once

#include <string_view>
#include <vector>

#include "quern/quant/spec.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// Thresholds below this are raised to it: the grid of a dead channel is tiny, not degenerate.
inline constexpr float kThresholdFloor = 1e-10F;

/// The scale that puts `threshold` on `spec.threshold_code()`; with power_of_two the next 2^k that
/// clips no more.
float scale_of(float threshold, const QuantSpec& spec);

/// How the scale of a weight is chosen. Bipolar weights get the mean of |w| either way.
enum class WeightMethod : std::uint8_t {
  kMse,  ///< The threshold among max|w| · i / 20, i = 2 … 20, of the least Σ(w − Q(w))²; of equals
         ///< the smallest.
  kMax,         ///< The largest |w|: nothing is clipped.
  kPercentile,  ///< The k-th smallest of n |w|, k = floor(percentile / 100 · n + 0.5), at least 1.
};

/// "mse", "max", "percentile"
std::string_view name(WeightMethod method);
/// @throws Error(kInvalidArgument) for another word.
WeightMethod weight_method_from(std::string_view name);

/// The scales of a constant weight: one, or one per channel along `spec.channel_axis`.
/// @param weight      float32 of any shape.
/// @param percentile  Of |w|, above 0 and at most 100; only of kPercentile.
/// @throws Error(kUnsupported) for a grid with a zero point, Error(kInvalidArgument) if the weight
///         lacks the channel axis or the percentile is outside.
std::vector<float> weight_scale(const Tensor& weight, const QuantSpec& spec,
                                WeightMethod method = WeightMethod::kMse, double percentile = 99.9);

}  // namespace quern
