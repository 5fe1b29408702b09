#pragma once

#include <cstdint>

#include "quern/base/isa.h"

namespace quern {

/// One row of outputs of a depthwise convolution:
///
///     y[x, c] = Σ_{ky, kx} rows[ky][x · stride + kx, c] · weight[ky, kx, c]
struct DepthwiseRow {
  std::int64_t kernel = 3;  ///< 3 or 5, along both axes.
  std::int64_t channels = 0;
  std::int64_t width = 0;  ///< Of y.
  std::int64_t stride = 1;
  const float* const* rows = nullptr;  ///< `kernel` rows with their pads.
  const float* weight = nullptr;       ///< [kernel, kernel, channels]
  float* y = nullptr;
};

/// One row of gradients by a depthwise convolution's input, and what it adds to the weight's, g
/// being the gradient by the outputs with stride − 1 zeros between them:
///
///     dx[x, c] = Σ_{ky, kx} rows[ky][x + kernel − 1 − kx, c] · weight[ky, kx, c]
///     dweight[ky, kx, c] += Σ_x x[x, c] · rows[ky][x + kernel − 1 − kx, c]
struct DepthwiseRowBackward {
  std::int64_t kernel = 3;
  std::int64_t channels = 0;
  std::int64_t width = 0;              ///< Of x.
  const float* const* rows = nullptr;  ///< `kernel` rows of g with their pads: those that ky leads
                                       ///< to.
  const float* weight = nullptr;
  const float* x = nullptr;
  float* dx = nullptr;  ///< No memory of the others.
  float* dweight = nullptr;
};

/// Every ISA gives the same bits: lanes are channels.
void run(const DepthwiseRow& row, Isa isa);
void run(const DepthwiseRowBackward& row, Isa isa);

}  // namespace quern
