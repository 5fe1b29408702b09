#include "quern/kernels/pointwise_conv.h"

#include <algorithm>

#include "quern/kernels/matrix_product.h"
#include "quern/kernels/streamed_output.h"
#include "quern/kernels/transposed.h"

namespace quern {
namespace {

/// Elements of a tile: what is read, computed and summed up at once stays in a core's caches.
constexpr std::int64_t kTile = 1 << 13;

constexpr std::int64_t kPieces = 64;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

PointwiseConv::PointwiseConv(const ConvShape& shape, std::span<const float> weight, Isa isa)
    : ConvKernel(shape, isa),
      pixels_(shape.images * shape.input[0] * shape.input[1]),
      tile_(std::max<std::int64_t>(8, kTile / std::max(shape.channels, shape.out_channels))),
      length_(ceil_div(ceil_div(pixels_, kPieces), tile_) * tile_),
      weight_(shape.out_channels * shape.channels),
      transposed_(transposed(weight.data(), shape.out_channels, shape.channels)) {
  std::ranges::copy(weight, weight_.data());
}

std::int64_t PointwiseConv::pieces() const { return ceil_div(pixels_, length_); }

void PointwiseConv::forward(std::int64_t piece, const ConvForward& work,
                            MomentSums* moments) const {
  const std::int64_t in = shape_.channels;
  const std::int64_t out = shape_.out_channels;
  Scratch scratch(tile_ * in);
  StreamedOutput output(work.y, output_size(), tile_ * out);
  const std::int64_t end = std::min(pixels_, (piece + 1) * length_);
  for (std::int64_t first = piece * length_; first < end; first += tile_) {
    const std::int64_t n = std::min(tile_, end - first);
    float* const y = output.tile(first * out);
    multiply({.rows = n,
              .columns = out,
              .depth = in,
              .a = work.input.read(first * in, n * in, scratch.data(), isa_),
              .a_row = in,
              .a_depth = 1,
              .b = transposed_.data(),
              .b_row = out,
              .c = y,
              .c_row = out},
             isa_);
    if (moments != nullptr) moments->add(y, n * out, isa_);
    work.finish(y, n * out);
    output.finish(first * out, n * out, isa_);
  }
}

void PointwiseConv::backward(std::int64_t piece, const ConvBackward& work,
                             const ConvSums& sums) const {
  const std::int64_t in = shape_.channels;
  const std::int64_t out = shape_.out_channels;
  Scratch input_scratch(tile_ * in);
  Scratch gradient_scratch(tile_ * out);
  StreamedOutput dx(work.dx, input_size(), tile_ * in);
  const std::int64_t end = std::min(pixels_, (piece + 1) * length_);
  for (std::int64_t first = piece * length_; first < end; first += tile_) {
    const std::int64_t n = std::min(tile_, end - first);
    const float* const dy = work.output.read(first * out, n * out, gradient_scratch.data(), isa_);
    multiply({.rows = out,
              .columns = in,
              .depth = n,
              .a = dy,
              .a_row = 1,
              .a_depth = out,
              .b = work.input.read(first * in, n * in, input_scratch.data(), isa_),
              .b_row = in,
              .c = sums.weight,
              .c_row = in,
              .adds = true},
             isa_);
    if (work.dx == nullptr) continue;
    multiply({.rows = n,
              .columns = in,
              .depth = out,
              .a = dy,
              .a_row = out,
              .a_depth = 1,
              .b = weight_.data(),
              .b_row = in,
              .c = dx.tile(first * in),
              .c_row = in},
             isa_);
    pass_back(work, sums, dx.tile(first * in), first * in, n * in);
    dx.finish(first * in, n * in, isa_);
  }
}

}  // namespace quern
