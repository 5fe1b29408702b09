#pragma once

#include <cstdint>

#include "quern/base/isa.h"

namespace quern {

/// A differentiable pointwise pass:
///
///     v = clamp(x · multiplier + offset, low, high)     y = round(v / scale) · scale
///
/// with codes from qmin to qmax. Of 2³² elements, `keep`, drawn by a hash of `seed` and their
/// position, are not rounded.
struct GradientPass {
  std::int64_t period = 0;  ///< Elements of the arrays, which repeat along the memory.
  const float* multiplier = nullptr;
  const float* offset = nullptr;
  float low = 0;
  float high = 0;
  float scale = 0;  ///< 0: nothing is rounded.
  float zero_point = 0;
  float qmin = 0;
  float qmax = 0;
  std::uint32_t seed = 0;
  std::uint32_t keep = 0;
};

using PointwiseForward = void (*)(const GradientPass&, const float* x, float* y,
                                  std::int64_t count);

/// Gradients of the pass: that of the input, and that of the scale, added to an array of `period`
/// elements (null where it is not asked for). Rounding lets gradients straight through inside the
/// grid; a scale's is round(v/s) − v/s there and the bound's code outside.
///
/// Source: LSQ, arXiv:1902.08153, equation 3.
using PointwiseBackward = void (*)(const GradientPass&, const float* x, const float* dy, float* dx,
                                   float* dscale, std::int64_t count);

PointwiseForward pointwise_forward(Isa isa);
PointwiseBackward pointwise_backward(Isa isa);

}  // namespace quern
