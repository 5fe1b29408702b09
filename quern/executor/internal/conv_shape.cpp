#include "quern/executor/internal/conv_shape.h"

namespace quern {

ConvShape conv_shape(const WindowGeometry& window, at::IntArrayRef weight) {
  return {.channels = weight[1] * window.groups,
          .out_channels = weight[0],
          .groups = window.groups,
          .kernel = window.kernel,
          .strides = window.strides,
          .pads = window.pads_begin};
}

ConvShape on_images(ConvShape shape, const WindowGeometry& window, const at::Tensor& x) {
  shape.images = x.size(0);
  for (const std::size_t axis : {0, 1}) {
    shape.input[axis] = x.size(static_cast<std::int64_t>(axis) + 2);
    shape.output[axis] = window.windows(axis, shape.input[axis]);
  }
  return shape;
}

std::optional<ConvKind> kernel_kind(const WindowGeometry& window, const ConvShape& shape,
                                    bool needs_input_gradient) {
  constexpr WindowGeometry::Pair kOne = {1, 1};
  constexpr WindowGeometry::Pair kNone = {0, 0};
  if (window.dilations != kOne) return std::nullopt;
  const std::optional<ConvKind> kind = conv_kind(shape, needs_input_gradient);
  // The shape says nothing of pads at the end, without which an output is a product with one input.
  if (kind == ConvKind::kPointwise && window.pads_end != kNone) return std::nullopt;
  return kind;
}

}  // namespace quern
