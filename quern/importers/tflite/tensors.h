// The elements of a TFLite file's constants.
#pragma once

#include <optional>

#include "quern/importers/tflite/model.h"
#include "quern/quant/spec.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// Width and sign of the codes that a tensor of this type may hold, per tensor; none for the types
/// that hold none.
std::optional<QuantSpec> code_spec(tflite::TensorType type);

/// The elements as they are stored, in the file's shape: codes as int8, uint8, int16, int32 or
/// int64 (int4 as int8), float16 widened to float32, other int32 as int64, which ONNX's shapes are
/// made of.
///
/// @param budget  Pays for what is allocated.
/// @throws Error(kParse) naming the tensor if bytes and shape disagree; Error(kUnsupported) for an
///         element type that quern lacks.
Tensor read_elements(const TfliteTensor& tensor, DecodingBudget& budget);

/// The real values (float32) of codes on a grid whose axis is `grid.axis`. On a grid of up to 16
/// bits quantizing them again gives the codes back.
Tensor dequantized(const Tensor& codes, const TfliteGrid& grid);

}  // namespace quern
