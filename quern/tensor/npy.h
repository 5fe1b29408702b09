#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "quern/tensor/tensor.h"

namespace quern {

/// A tensor as numpy's .npy version 1.0: a header that says type, order and shape, aligned to 64
/// bytes, then the elements, little endian in C order.
std::vector<std::byte> to_npy(const Tensor& tensor);

/// Reads such bytes, in C or Fortran order; float16 widens to float32. Nothing is allocated before
/// the shape agrees with the bytes present.
/// @throws Error(kParse | kUnsupported) saying what is wrong with "it".
Tensor from_npy(std::span<const std::byte> bytes);

}  // namespace quern
