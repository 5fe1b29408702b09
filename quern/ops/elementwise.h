#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "quern/tensor/tensor.h"

namespace quern {

/// What an op that works element by element gives for tensors: arithmetic (Add, Mod, Sqrt, …),
/// comparison (Equal, Less, …), logic (And, Not, …), Where, Cast. Inputs broadcast to each other.
/// Floats are computed in float64 and rounded once; integers as int64.
///
/// @param result  Element type of the result.
/// @return        None for any other op; where an input has a type that the op does not work on;
///                where a number is none (0 / 0), infinite, or outside of `result`; for more than
///                4096 elements.
std::optional<Tensor> elementwise(std::string_view op, const std::vector<Tensor>& inputs,
                                  DType result);

}  // namespace quern
