#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "quern/executor/plan.h"
#include "quern/ptq/internal/weighted_layer.h"

namespace quern::internal {

/// Rows of a Conv's windows that stand for all of them: every `step`-th, in picture n of a batch
/// from row (phase + n) mod step on, so that over many pictures each row has its turn.
struct RowSample {
  std::int64_t step = 1;
  std::int64_t phase = 0;

  std::int64_t first_row(std::int64_t picture) const { return (phase + picture) % step; }
};

/// Some columns of a batch of a layer's input.
struct ColumnSlice {
  std::int64_t first_picture = 0;
  std::int64_t pictures = 0;
  std::int64_t first_row = 0;  ///< Of a Conv's output.
  std::int64_t rows = 1;
  std::int64_t row_step = 1;
};

/// The sampled columns of a batch of such a shape, in slices of at most `bytes`, or of one row of
/// windows. A layer without windows has all its columns in one.
std::vector<ColumnSlice> column_slices(const WeightedLayer& layer, const Shape& shape,
                                       const RowSample& sample = {},
                                       std::int64_t bytes = std::int64_t{64} << 20);

/// [groups, columns, inputs]; may lie in the memory of `input`.
at::Tensor input_columns(const WeightedLayer& layer, const TensorView& input,
                         const ColumnSlice& slice);

}  // namespace quern::internal
