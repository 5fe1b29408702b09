#pragma once

#include <ATen/core/Tensor.h>

#include "quern/quant/spec.h"

namespace quern {

/// The scale of a grid, and how it is learned, in LibTorch's operators.
struct PlainGrid {
  QuantSpec spec;
  at::Tensor scale;  ///< Broadcast against what is rounded.
  float zero_point = 0;
  bool learns_step = true;  ///< See GradientPass.
  double factor = 1;        ///< What the scale's gradient is multiplied by.
};

/// Fake quantization by LibTorch's operators: the path of other devices and of layouts that no
/// kernel takes. Values and gradients are those of GradientPass.
at::Tensor plain_fake_quant(const at::Tensor& x, const PlainGrid& grid);

}  // namespace quern
