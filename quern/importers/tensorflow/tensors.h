// Tensors of a TensorFlow file.
#pragma once

#include <cstdint>

#include "quern/graph/node.h"
#include "quern/tensor/tensor.h"

namespace quern::tensorflow {

class TensorProto;
class TensorShapeProto;

/// The element type that quern holds for a TensorFlow DataType. Half and bfloat16 widen to float32;
/// int32 becomes int64, the type that ONNX computes shapes in.
/// @throws Error(kUnsupported) for strings, resources, quantized and complex types.
DType dtype_from(std::int32_t data_type);

/// Extents, −1 where free. @throws Error(kParse) for an extent below −1 or beyond what any image or
/// batch comes near.
Dims read_dims(const TensorShapeProto& proto);

/// The elements of `proto`. A typed field may end early: its last element, or 0 where it has none,
/// stands for the rest.
///
/// @param repeats  Elements that a file may still add by such repetition; lowered by those added.
///                 So that a small file cannot claim a large tensor.
/// @throws Error(kParse | kUnsupported) naming what is wrong, not the tensor.
Tensor read_tensor(const TensorProto& proto, std::int64_t& repeats);

}  // namespace quern::tensorflow
