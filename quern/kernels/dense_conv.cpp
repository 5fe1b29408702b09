#include "quern/kernels/dense_conv.h"

#include <algorithm>

#include "quern/kernels/matrix_product.h"
#include "quern/kernels/streamed_output.h"
#include "quern/kernels/transposed.h"
#include "quern/kernels/window_rows.h"

namespace quern {

DenseConv::DenseConv(const ConvShape& shape, std::span<const float> weight, Isa isa)
    : ConvKernel(shape, isa),
      pieces_(shape.images, shape.output[0]),
      across_(shape.kernel[1] * shape.channels),
      weight_(transposed(weight.data(), shape.out_channels, shape.depth())) {}

void DenseConv::forward(std::int64_t piece, const ConvForward& work, MomentSums* moments) const {
  const std::int64_t out = shape_.out_channels;
  const std::int64_t width = shape_.output[1];
  const auto band = pieces_.band(piece, shape_.output[0]);
  WindowRows rows(shape_, work.input, band.image, isa_);
  StreamedOutput output(work.y, output_size(), width * out);
  for (std::int64_t y = band.begin; y < band.end; ++y) {
    rows.go_to(y);
    const std::int64_t first = (band.image * shape_.output[0] + y) * width * out;
    for (std::int64_t k = 0; k < shape_.kernel[0]; ++k) {
      multiply({.rows = width,
                .columns = out,
                .depth = across_,
                .a = rows.row(k),
                .a_row = shape_.strides[1] * shape_.channels,
                .a_depth = 1,
                .b = weight_.data() + k * across_ * out,
                .b_row = out,
                .c = output.tile(first),
                .c_row = out,
                .adds = k > 0},
               isa_);
    }
    if (moments != nullptr) moments->add(output.tile(first), width * out, isa_);
    work.finish(output.tile(first), width * out);
    output.finish(first, width * out, isa_);
  }
}

void DenseConv::backward(std::int64_t piece, const ConvBackward& work, const ConvSums& sums) const {
  const std::int64_t out = shape_.out_channels;
  const std::int64_t width = shape_.output[1];
  const auto band = pieces_.band(piece, shape_.output[0]);
  WindowRows rows(shape_, work.input, band.image, isa_);
  Scratch scratch(width * out);
  Scratch dweight(shape_.depth() * out);
  for (std::int64_t y = band.begin; y < band.end; ++y) {
    rows.go_to(y);
    const std::int64_t first = (band.image * shape_.output[0] + y) * width * out;
    const float* const dy = work.output.read(first, width * out, scratch.data(), isa_);
    for (std::int64_t k = 0; k < shape_.kernel[0]; ++k) {
      multiply({.rows = across_,
                .columns = out,
                .depth = width,
                .a = rows.row(k),
                .a_row = 1,
                .a_depth = shape_.strides[1] * shape_.channels,
                .b = dy,
                .b_row = out,
                .c = dweight.data() + k * across_ * out,
                .c_row = out,
                .adds = true},
               isa_);
    }
  }
  add_transposed(dweight.data(), shape_.depth(), out, sums.weight);
}

}  // namespace quern
