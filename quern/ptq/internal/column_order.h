#pragma once

#include <ATen/core/Tensor.h>

namespace quern::internal {

/// `matrices` [groups, rows, columns] with columns in the order of `order` [groups, columns].
at::Tensor reordered(const at::Tensor& matrices, const at::Tensor& order);

/// Rows and columns of [groups, n, n] in the order of `order`.
at::Tensor reordered_both(const at::Tensor& squares, const at::Tensor& order);

}  // namespace quern::internal
