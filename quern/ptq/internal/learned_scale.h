#pragma once

#include <ATen/core/Tensor.h>

#include "quern/ptq/internal/adam.h"

namespace quern::internal {

/// The scale of activation grids, learned as its logarithm, so that a step is relative.
class LearnedScale {
 public:
  /// @param most  What it does not go beyond.
  LearnedScale(float scale, double most);

  /// One element.
  at::Tensor value() const;
  /// @param gradient  Of the loss by the scale.
  void step(const at::Tensor& gradient, double rate);

 private:
  at::Tensor log_;
  double most_;
  Adam adam_;
};

}  // namespace quern::internal
