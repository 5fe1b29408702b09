#pragma once

#include <cstddef>
#include <vector>

#include "quern/tensor/tensor.h"

namespace quern {

/// The elements in another order of axes: axis i of the result is axis `order[i]` of `source`.
/// @param order  A permutation of 0 … rank − 1.
Tensor transposed(const Tensor& source, const std::vector<std::size_t>& order);

}  // namespace quern
