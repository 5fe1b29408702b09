// Arithmetic on the constants of a TensorFlow file.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "quern/tensor/tensor.h"

namespace quern::tensorflow {

/// What a TensorFlow op of one or two float32 constants computes, element by element as TensorFlow
/// does: sums, products, roots, as a batch norm of single nodes has them. One operand's shape has
/// to be the result's, so that small constants never make a large one. None for any other op or
/// type.
std::optional<Tensor> fold_constants(std::string_view op,
                                     const std::vector<const Tensor*>& operands);

}  // namespace quern::tensorflow
