#include "quern/kernels/depthwise_conv.h"

#include <algorithm>
#include <array>

#include "quern/kernels/depthwise_row.h"
#include "quern/kernels/streamed_output.h"
#include "quern/kernels/transposed.h"
#include "quern/kernels/window_rows.h"

namespace quern {
namespace {

using Window = std::array<const float*, 5>;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

}  // namespace

DepthwiseConv::DepthwiseConv(const ConvShape& shape, std::span<const float> weight, Isa isa)
    : ConvKernel(shape, isa),
      kernel_(shape.kernel[0]),
      pieces_(shape.images, std::min(shape.input[0], shape.output[0])),
      weight_(transposed(weight.data(), shape.channels, kernel_ * kernel_)) {}

void DepthwiseConv::forward(std::int64_t piece, const ConvForward& work,
                            MomentSums* moments) const {
  const std::int64_t channels = shape_.channels;
  const std::int64_t width = shape_.output[1];
  const auto band = pieces_.band(piece, shape_.output[0]);
  WindowRows rows(shape_, work.input, band.image, isa_);
  StreamedOutput output(work.y, output_size(), width * channels);
  for (std::int64_t y = band.begin; y < band.end; ++y) {
    rows.go_to(y);
    Window window{};
    for (std::int64_t k = 0; k < kernel_; ++k) window[static_cast<std::size_t>(k)] = rows.row(k);
    const std::int64_t first = (band.image * shape_.output[0] + y) * width * channels;
    run({.kernel = kernel_,
         .channels = channels,
         .width = width,
         .stride = shape_.strides[1],
         .rows = window.data(),
         .weight = weight_.data(),
         .y = output.tile(first)},
        isa_);
    if (moments != nullptr) moments->add(output.tile(first), width * channels, isa_);
    work.finish(output.tile(first), width * channels);
    output.finish(first, width * channels, isa_);
  }
}

void DepthwiseConv::backward(std::int64_t piece, const ConvBackward& work,
                             const ConvSums& sums) const {
  const std::int64_t channels = shape_.channels;
  const std::int64_t height = shape_.input[0];
  const std::int64_t width = shape_.input[1];
  const std::int64_t out_height = shape_.output[0];
  const std::int64_t out_width = shape_.output[1];
  const std::int64_t row_length = width * channels;
  const auto band = pieces_.band(piece, height);
  const auto stride = shape_.strides;
  const std::int64_t left = kernel_ - 1 - shape_.pads[1];
  // Columns behind the last that a window reaches have no part in dx.
  const std::int64_t columns = std::min(out_width, (width + shape_.pads[1] - 1) / stride[1] + 1);
  PaddedRows rows(kernel_, out_height, (width + kernel_ - 1) * channels);
  Scratch scratch(std::max(columns, width) * channels);
  StreamedOutput dx(work.dx, input_size(), row_length);
  Scratch dweight(kernel_ * kernel_ * channels);
  const auto load = [&](std::int64_t row, float* memory) {
    const std::int64_t first = (band.image * out_height + row) * out_width * channels;
    const float* const from = work.output.read(first, columns * channels, scratch.data(), isa_);
    for (std::int64_t x = 0; x < columns; ++x) {
      std::copy_n(from + x * channels, channels, memory + (left + x * stride[1]) * channels);
    }
  };
  for (std::int64_t y = band.begin; y < band.end; ++y) {
    const std::int64_t bottom = y + shape_.pads[0];
    rows.load(floor_div(bottom - kernel_ + stride[0], stride[0]), bottom / stride[0], load);
    Window window{};
    for (std::int64_t k = 0; k < kernel_; ++k) {
      const bool is_read = bottom >= k && (bottom - k) % stride[0] == 0;
      window[static_cast<std::size_t>(k)] =
          is_read ? rows.row((bottom - k) / stride[0]) : rows.zeros();
    }
    const std::int64_t first = (band.image * height + y) * row_length;
    run({.kernel = kernel_,
         .channels = channels,
         .width = width,
         .rows = window.data(),
         .weight = weight_.data(),
         .x = work.input.read(first, row_length, scratch.data(), isa_),
         .dx = dx.tile(first),
         .dweight = dweight.data()},
        isa_);
    if (work.dx != nullptr) pass_back(work, sums, dx.tile(first), first, row_length);
    dx.finish(first, row_length, isa_);
  }
  add_transposed(dweight.data(), kernel_ * kernel_, channels, sums.weight);
}

}  // namespace quern
