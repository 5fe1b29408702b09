#pragma once

#include <functional>
#include <map>
#include <string>

#include "quern/tensor/tensor.h"

namespace quern {

/// A tensor of a file as the file describes it. Nothing of its elements is in memory before `read`,
/// so what nobody wants, or what has a shape that nobody can use, costs nothing.
struct StoredTensor {
  DType dtype = DType::kFloat32;
  Shape shape;
  /// @throws Error(kParse | kUnsupported) naming the file and the tensor.
  std::function<Tensor()> read;
};

/// By name.
using StoredTensors = std::map<std::string, StoredTensor>;

/// Tensors that are in memory already.
StoredTensors stored(const std::map<std::string, Tensor>& tensors);

}  // namespace quern
