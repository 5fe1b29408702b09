#include "quern/kernels/window_rows.h"

#include <algorithm>

namespace quern {
namespace {

/// Elements of a row with its pads, as far as windows or the image reach.
std::int64_t padded_length(const ConvShape& shape) {
  const std::int64_t read = (shape.output[1] - 1) * shape.strides[1] + shape.kernel[1];
  return std::max(read, shape.pads[1] + shape.input[1]) * shape.channels;
}

}  // namespace

WindowRows::WindowRows(const ConvShape& shape, const ConvInput& input, std::int64_t image, Isa isa)
    : shape_(shape),
      input_(input),
      image_(image),
      isa_(isa),
      rows_(shape.kernel[0], shape.input[0], padded_length(shape)) {}

void WindowRows::go_to(std::int64_t y) {
  const std::int64_t length = shape_.input[1] * shape_.channels;
  top_ = y * shape_.strides[0] - shape_.pads[0];
  rows_.load(top_, top_ + shape_.kernel[0] - 1, [&](std::int64_t row, float* memory) {
    float* const to = memory + shape_.pads[1] * shape_.channels;
    const std::int64_t first = (image_ * shape_.input[0] + row) * length;
    const float* const from = input_.read(first, length, to, isa_);
    if (from != to) std::copy_n(from, length, to);
  });
}

}  // namespace quern
