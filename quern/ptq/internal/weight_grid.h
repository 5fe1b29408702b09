#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "quern/ptq/internal/weighted_layer.h"

namespace quern::internal {

/// The grid of a layer's weight, broadcast over its matrices.
class WeightGrid {
 public:
  /// None where the weight stays float, is bipolar, or has a zero point or an unknown scale.
  static std::optional<WeightGrid> of(const Graph& graph, const WeightedLayer& layer);

  /// The numbers that fake_quant makes of `weights` [groups, outputs] or [groups, outputs, inputs],
  /// bit for bit where they are float32; of the type of `weights`.
  at::Tensor round(const at::Tensor& weights) const;

  /// [groups, outputs]
  const at::Tensor& scale() const { return scale_; }
  double qmin() const { return qmin_; }
  double qmax() const { return qmax_; }

 private:
  at::Tensor scale_;
  double qmin_ = 0;
  double qmax_ = 0;
};

}  // namespace quern::internal
