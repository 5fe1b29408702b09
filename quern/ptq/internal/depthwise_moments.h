#pragma once

#include <ATen/core/Tensor.h>

#include "quern/executor/plan.h"
#include "quern/ptq/internal/input_columns.h"
#include "quern/ptq/internal/weighted_layer.h"

namespace quern::internal {

/// Σ x̂ yᵀ over the sampled columns of a depthwise layer, [channels, taps, taps] in float64, without
/// laying the columns out; and their number. `a` and `b` may be the same.
std::pair<at::Tensor, std::int64_t> depthwise_products(const WeightedLayer& layer,
                                                       const TensorView& a, const TensorView& b,
                                                       const RowSample& sample);

}  // namespace quern::internal
