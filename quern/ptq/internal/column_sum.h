#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

#include "quern/executor/plan.h"
#include "quern/ptq/internal/weighted_layer.h"

namespace quern::internal {

/// The sum over all columns of a batch of the layer's input, [groups, inputs] in float64, and their
/// number. The columns are not laid out: every element is read once.
std::pair<at::Tensor, std::int64_t> column_sum(const WeightedLayer& layer, const TensorView& input);

/// The mean of a layer's input columns over all batches: the same whichever of them comes first.
class ColumnMean {
 public:
  /// Adds a batch; from several threads.
  void add(std::size_t batch, const WeightedLayer& layer, const TensorView& input);

  /// [groups, inputs] in float64; undefined where nothing was added.
  at::Tensor mean() const;

 private:
  std::mutex mutex_;
  std::map<std::size_t, std::pair<at::Tensor, std::int64_t>> sums_;  ///< By batch.
};

}  // namespace quern::internal
