// Tensors of an ONNX file, read and written.
#pragma once

#include <filesystem>
#include <string>

#include "quern/tensor/tensor.h"

namespace onnx {
class TensorProto;
}

namespace quern {

/// The element type that quern holds for ONNX's `data_type`: float16 and bfloat16 widen to float32,
/// integers of 2 and 4 bits to 8.
/// @throws Error(kUnsupported) naming the type, for strings, complex numbers and 8-bit floats.
DType dtype_from_onnx(std::int32_t data_type);
/// Bits of one element in the file. @throws Error(kUnsupported) likewise.
int bits_of_onnx(std::int32_t data_type);
/// ONNX's number for an element type.
std::int32_t onnx_data_type(DType dtype);

/// The elements of `proto`, from raw bytes, typed fields or a file beside the model. Nothing is
/// allocated before the number of bytes present is known to agree with the shape.
///
/// @param folder  Where external data is looked up; it may not lie outside. Empty: refused.
/// @throws Error(kParse | kUnsupported | kIo) naming what is wrong, not the tensor.
Tensor read_tensor(const onnx::TensorProto& proto, const std::filesystem::path& folder);

/// Type, shape and raw bytes; the name is the caller's to set.
void write_tensor(const Tensor& tensor, onnx::TensorProto* proto);

}  // namespace quern
