#pragma once

#include "quern/kernels/conv_kernel.h"
#include "quern/kernels/padded_rows.h"

namespace quern {

/// A convolution of kind kDense, row by row: the windows on a row of inputs are the rows of a
/// matrix that overlap in memory, so nothing is copied out of its place. Gives no dx.
class DenseConv : public ConvKernel {
 public:
  DenseConv(const ConvShape& shape, std::span<const float> weight, Isa isa);

  std::int64_t pieces() const override { return pieces_.size(); }
  void forward(std::int64_t piece, const ConvForward& work, MomentSums* moments) const override;
  void backward(std::int64_t piece, const ConvBackward& work, const ConvSums& sums) const override;

 private:
  RowPieces pieces_;
  std::int64_t across_;  ///< Elements of a window's row.
  Scratch weight_;       ///< [kernel height, kernel width, channels, out_channels]
};

}  // namespace quern
