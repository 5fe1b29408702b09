#pragma once

#include <cstdint>

#include "quern/base/isa.h"
#include "quern/quant/spec.h"

namespace quern {

/// Parameters of a pointwise pass, each an array of `period` elements that repeats along the
/// memory. A part whose pointers are null is left out.
struct PointwiseLanes {
  std::int64_t period = 0;
  const float* multiplier = nullptr;  ///< With offset.
  const float* offset = nullptr;
  const float* low = nullptr;  ///< With high.
  const float* high = nullptr;
  const float* scale = nullptr;  ///< With zero_point, qmin and qmax; rounding is half to even.
  const float* zero_point = nullptr;
  float qmin = 0;
  float qmax = 0;
};

/// Whether the kernels quantize to such a grid: rounded half to even, codes within ±2²², not
/// bipolar.
bool kernel_rounds(const QuantSpec& grid);

using PointwiseKernel = void (*)(const PointwiseLanes&, const float* x, float* y,
                                 std::int64_t count);

PointwiseKernel pointwise_kernel(Isa isa);

}  // namespace quern
