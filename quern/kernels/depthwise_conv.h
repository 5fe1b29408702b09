#pragma once

#include "quern/kernels/conv_kernel.h"
#include "quern/kernels/padded_rows.h"

namespace quern {

/// A convolution of kind kDepthwise, row by row.
class DepthwiseConv : public ConvKernel {
 public:
  DepthwiseConv(const ConvShape& shape, std::span<const float> weight, Isa isa);

  std::int64_t pieces() const override { return pieces_.size(); }
  void forward(std::int64_t piece, const ConvForward& work, MomentSums* moments) const override;
  void backward(std::int64_t piece, const ConvBackward& work, const ConvSums& sums) const override;

 private:
  std::int64_t kernel_;
  RowPieces pieces_;
  Scratch weight_;  ///< [kernel, kernel, channels]
};

}  // namespace quern
