#pragma once

#include <ATen/core/Tensor.h>

#include "quern/executor/plan.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// LibTorch's name for an element type. @throws Error(kUnsupported) where it has none.
at::ScalarType torch_type(DType dtype);

/// A copy of `tensor`; rank 4 is laid out channels last. @throws Error(kUnsupported) as torch_type
/// does.
at::Tensor to_torch(const Tensor& tensor);

/// What `view` shows, channels last where it has rank 4: the same memory, or a copy where that lies
/// in another order. Whoever reads it must not write to it.
at::Tensor to_torch(const TensorView& view);

/// A row-major copy. @throws Error(kUnsupported) for an element type that a graph does not hold.
Tensor from_torch(const at::Tensor& tensor);

/// The memory order that values have between steps.
at::Tensor dense(const at::Tensor& tensor);

/// A view of a dense float tensor.
TensorView view(const at::Tensor& tensor);

}  // namespace quern
