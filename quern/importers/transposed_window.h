// Transposed convolutions of TensorFlow and TFLite, whose files state the extent of the output.
#pragma once

#include <cstdint>

namespace quern {

/// One axis of a transposed convolution.
struct TransposedAxis {
  std::int64_t input = 0;  ///< Extents.
  std::int64_t kernel = 0;
  std::int64_t output = 0;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
};

/// How ONNX says the same extent: what the windows cover, without `begin` and `end`, followed by
/// `missing` that no window covers.
struct TransposedPadding {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t missing = 0;
};

/// @param is_same  Padding SAME: what is cut off is cut off at both ends, the odd one at the end;
///                 else at the end.
/// @throws Error without a layer: kParse where an extent, stride or dilation is not positive or too
///         large, kUnsupported where the convolution of padding SAME that is transposed does not
///         make `input` of `output`.
TransposedPadding transposed_padding(const TransposedAxis& axis, bool is_same);

}  // namespace quern
