#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "quern/engine/int_model.h"
#include "tests/support/codes.h"

namespace quern::test {

/// Builds integer networks op by op; random numbers fill what is not given.
class IntNetwork {
 public:
  explicit IntNetwork(std::uint64_t seed);

  TensorIndex input(std::int32_t height, std::int32_t width, std::int32_t channels,
                    std::int32_t bits, InputKind kind = InputKind::kCodes);
  /// 3×3 with padding 1, or 1×1 without.
  TensorIndex conv(TensorIndex from, std::int32_t channels, std::int32_t kernel,
                   std::int32_t stride, std::int32_t weight_bits, std::int32_t bits,
                   QuernRounding rounding = kQuernNearest);
  TensorIndex depthwise(TensorIndex from, std::int32_t stride, std::int32_t weight_bits,
                        std::int32_t bits);
  /// The window is all of the input; raw accumulators.
  TensorIndex fully_connected(TensorIndex from, std::int32_t channels, std::int32_t weight_bits);
  TensorIndex max_pool(TensorIndex from);
  TensorIndex average_pool(TensorIndex from);  ///< 3×3 with padding that does not count.
  TensorIndex add(TensorIndex a, TensorIndex b, std::int32_t bits);
  TensorIndex affine(TensorIndex from, std::int32_t bits);
  TensorIndex lookup(TensorIndex from, std::int32_t bits, bool per_channel = false);
  TensorIndex concat(const std::vector<TensorIndex>& from);
  TensorIndex pad(TensorIndex from);
  TensorIndex resize(TensorIndex from, std::int32_t height, std::int32_t width);

  /// The model with its schedule and memory plan.
  IntModel finish(const std::vector<TensorIndex>& outputs);

  /// Without either, to plan them otherwise.
  IntModel model;

 private:
  const IntTensor& tensor(TensorIndex index) const;
  TensorIndex add_tensor(std::int32_t height, std::int32_t width, std::int32_t channels,
                         std::int32_t bits);
  template <class Kind>
  TensorIndex add_op(std::vector<TensorIndex> inputs, TensorIndex output, Kind kind);
  TensorIndex add_conv(TensorIndex from, const QuernWindow& window, std::int32_t height,
                       std::int32_t width, std::int32_t channels, std::int32_t groups,
                       std::int32_t weight_bits, std::int32_t bits, QuernRounding rounding);
  Requantization requantization(QuernRounding rounding, std::int32_t bits, std::int32_t entries,
                                std::int64_t accumulator);

  std::uint64_t seed_;
};

/// Every kind of op, several widths, a residual block; weights of 8, 4, 2 and 1 bits.
IntModel every_op(std::uint64_t seed);

/// Three 3×3 layers in lockstep, through buffers of a few rows: a row of the last as soon as its
/// three rows are there.
IntModel streamed_rows(std::uint64_t seed);

/// Random codes for every input of a model.
std::vector<Codes> random_inputs(const IntModel& model, std::uint64_t seed);

/// All tensors of a model by the formulas in the runtime's headers, one element after the other,
/// without kernels, schedule or memory plan.
std::vector<Codes> evaluate_slowly(const IntModel& model, const std::vector<Codes>& inputs);

}  // namespace quern::test
