#pragma once

#include <ATen/core/Tensor.h>

namespace quern {

/// A gradient that comes back, and memory for the one that goes on.
struct GradientMemory {
  at::Tensor dy;  ///< Dense.
  at::Tensor dx;  ///< dy itself where nobody else holds it: what is not written twice costs less.
};

/// @param gradient  As autograd hands it to a backward function, which may keep no copy of it.
GradientMemory gradient_memory(const at::Tensor& gradient);

}  // namespace quern
