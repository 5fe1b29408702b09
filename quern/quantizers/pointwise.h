#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quern/base/isa.h"
#include "quern/quant/spec.h"
#include "quern/quantizers/pointwise_kernels.h"

namespace quern {

/// What one pass over channels-last memory does to each element, in this order; a part that is
/// empty is left out. Vectors have one element, or one per channel.
struct PointwiseSpec {
  std::vector<float> multiplier = {};  ///< x · multiplier + offset, rounded twice; both or neither.
  std::vector<float> offset = {};
  std::vector<float> low = {};  ///< min(max(x, low), high); both or neither.
  std::vector<float> high = {};
  std::optional<QuantSpec> grid = {};  ///< fake_quant on the grid `params`.
  QuantParams params = {};
};

/// Batch normalization, clipping activation and fake quantization fused into one pass: what such a
/// pass waits for is memory, so three cost little more than one.
///
/// The result has the bits of the three passes done one after the other, on every ISA.
class Pointwise {
 public:
  /// @param channels  Extent of the innermost dimension.
  /// @throws Error(kInvalidArgument) if a vector has neither 1 nor `channels` elements.
  Pointwise(const PointwiseSpec& spec, std::int64_t channels, Isa isa = active_isa());

  /// Reads `count` elements of `x` from a pixel's first channel on, and writes `y` (which may be
  /// x).
  void operator()(const float* x, float* y, std::int64_t count) const noexcept;

 private:
  PointwiseKernel kernel_;
  std::int64_t period_;  ///< A multiple of the channels; the length of every array that is in use.
  std::vector<float> multiplier_, offset_, low_, high_, scale_, zero_point_;
  std::optional<QuantSpec> grid_;
};

}  // namespace quern
