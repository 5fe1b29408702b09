#pragma once

#include "quern/kernels/conv_kernel.h"
#include "quern/kernels/scratch.h"

namespace quern {

/// A convolution of kind kPointwise: a product of matrices, pixels by channels.
class PointwiseConv : public ConvKernel {
 public:
  PointwiseConv(const ConvShape& shape, std::span<const float> weight, Isa isa);

  std::int64_t pieces() const override;
  void forward(std::int64_t piece, const ConvForward& work, MomentSums* moments) const override;
  void backward(std::int64_t piece, const ConvBackward& work, const ConvSums& sums) const override;

 private:
  std::int64_t pixels_;  ///< Of all images.
  std::int64_t tile_;    ///< Pixels that are computed at once.
  std::int64_t length_;  ///< Pixels of a piece.
  Scratch weight_;       ///< [out_channels, channels]
  Scratch transposed_;   ///< [channels, out_channels]
};

}  // namespace quern
