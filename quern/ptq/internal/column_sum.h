#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>

#include "quern/executor/plan.h"
#include "quern/ptq/internal/weighted_layer.h"

namespace quern::internal {

/// The sum over all columns of a batch of the layer's input, [groups, inputs] in float64, and their
/// number. The columns are not laid out: every element is read once.
std::pair<at::Tensor, std::int64_t> column_sum(const WeightedLayer& layer, const TensorView& input);

}  // namespace quern::internal
