#pragma once

#include <cstdint>
#include <optional>

#include "quern/base/isa.h"
#include "quern/quantizers/centred_grid.h"

namespace quern {

/// A differentiable pointwise pass over memory whose channels are innermost:
///
///     u = x · multiplier + offset     v = clamp(u, low, high)     y = round(v / scale) · scale
///
/// with codes from qmin to qmax. Of 2³² elements, `keep`, drawn by a hash of `seed` and their
/// position, are not rounded (never on a bipolar grid, whose codes are −1 and +1).
///
/// Gradients go straight through rounding inside the grid, and nowhere outside or on the clip's
/// ends. The scale's is the bound's code outside; inside it is round(v/s) − v/s where the step is
/// learned (LSQ), else 0: then it is, by the threshold s · code, the sign of what is clipped
/// (PACT).
///
/// Source: LSQ, arXiv:1902.08153, equation 3; PACT, arXiv:1805.06085, equation 3.
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
  bool bipolar = false;
  bool learns_step = true;
  std::uint32_t seed = 0;
  std::uint32_t keep = 0;
  std::uint32_t first = 0;                  ///< The position of the first element.
  std::optional<CentredGrid> centred = {};  ///< Its centred_grid, found once for many runs; none: a
                                            ///< division each, for the same codes.
};

/// y of x; they may be the same memory.
struct PassForward {
  const float* x = nullptr;
  float* y = nullptr;
};

/// dx of dy, which may be the same memory. Where `dscale` is not null, the scale's gradient is
/// added to its `period` elements.
struct PassBackward {
  const float* x = nullptr;
  const float* dy = nullptr;
  float* dx = nullptr;
  float* dscale = nullptr;
};

/// What the statistics of channels are computed from: Σ (x − shift) is added to `period` elements
/// of `sums`, Σ (x − shift)² to the next.
struct PassMoments {
  const float* x = nullptr;
  const float* shift = nullptr;  ///< `period` elements: near the mean, so that nothing cancels.
  float* sums = nullptr;
};

/// The backward pass of a normalization by given statistics, of the gradient g by u:
/// dx = g · multiplier, which may be dy's memory; and Σ g, Σ g · (x − mean) and the scale's
/// gradient, added to 3 · `period` elements.
struct PassReduction {
  const float* x = nullptr;
  const float* dy = nullptr;
  const float* mean = nullptr;
  float* sums = nullptr;
  float* dx = nullptr;
};

/// What the gradients by mean and variance add to the gradient dy by what they were measured of:
///
///     dx = dy + (x − mean) · slope + intercept
///
/// dx may be dy's memory. Of the pass only the period is read.
struct PassMomentsBackward {
  const float* x = nullptr;
  const float* dy = nullptr;
  const float* mean = nullptr;
  const float* slope = nullptr;
  const float* intercept = nullptr;
  float* dx = nullptr;
};

/// Runs over `count` elements from a pixel's first channel on. Every ISA gives the same bits.
void run(const GradientPass& pass, const PassForward& work, std::int64_t count, Isa isa);
void run(const GradientPass& pass, const PassBackward& work, std::int64_t count, Isa isa);
void run(const GradientPass& pass, const PassMoments& work, std::int64_t count, Isa isa);
void run(const GradientPass& pass, const PassReduction& work, std::int64_t count, Isa isa);
void run(const GradientPass& pass, const PassMomentsBackward& work, std::int64_t count, Isa isa);

}  // namespace quern
