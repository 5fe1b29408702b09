#pragma once

#include "quern/kernels/conv_kernel.h"
#include "quern/kernels/padded_rows.h"

namespace quern {

/// The rows of an image, as a convolution reads it, under the windows of one row of outputs, and
/// then of the next.
class WindowRows {
 public:
  WindowRows(const ConvShape& shape, const ConvInput& input, std::int64_t image, Isa isa);

  /// Goes to the windows of row `y` of the outputs, which must not fall.
  void go_to(std::int64_t y);

  /// Row `k` of those windows, with its pads.
  const float* row(std::int64_t k) const { return rows_.row(top_ + k); }

 private:
  ConvShape shape_;
  ConvInput input_;
  std::int64_t image_;
  Isa isa_;
  PaddedRows rows_;
  std::int64_t top_ = 0;
};

}  // namespace quern
