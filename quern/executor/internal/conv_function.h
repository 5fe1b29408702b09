#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "quern/executor/internal/normalization.h"
#include "quern/kernels/conv_kernel.h"

namespace quern {

/// What normalizes a convolution's input on the way into it.
struct NormalizedInput {
  at::Tensor moments;  ///< Of the input; undefined where what ran so far normalizes.
  at::Tensor gamma, beta;
  at::Tensor scale;  ///< Of the activation's grid.
  std::shared_ptr<const BoundNormalization> bound;
};

/// A convolution by quern's kernels, as autograd differentiates it: normalization of the input,
/// convolution and moments of the output in one pass over memory, forwards and backwards.
///
/// @param x        [N, C, H, W] channels last, dense.
/// @param weight   As x.
/// @param before   Null: x is read as it lies.
/// @return         The output, and its moments where `measures`.
std::vector<at::Tensor> conv_function(ConvKind kind, const ConvShape& shape, const at::Tensor& x,
                                      const at::Tensor& weight, const NormalizedInput* before,
                                      bool measures);

}  // namespace quern
