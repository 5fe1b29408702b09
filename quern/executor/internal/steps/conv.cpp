// Conv and ConvTranspose, by LibTorch (oneDNN).
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/linear.h>

#include <algorithm>

#include "quern/executor/internal/catalog.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/ops/window_geometry.h"

namespace quern {
namespace {

constexpr WindowGeometry::Pair kNoPads = {0, 0};

std::optional<at::Tensor> bias(const Arguments& inputs) {
  return inputs.has(2) ? std::optional(inputs[2]) : std::nullopt;
}

/// Whether every output pixel is a product with one input pixel.
bool is_pointwise(const WindowGeometry& window) {
  constexpr WindowGeometry::Pair kOne = {1, 1};
  return window.kernel == kOne && window.strides == kOne && window.pads_begin == kNoPads &&
         window.pads_end == kNoPads && window.groups == 1;
}

}  // namespace

Forward build_conv(const StepSource& source) {
  const WindowGeometry window = window_geometry(source.node.graph(), source.node.node());
  if (is_pointwise(window)) {
    return [](Arguments& inputs) {
      const at::Tensor pixels = inputs[0].permute({0, 2, 3, 1});
      const at::Tensor matrix = inputs[1].flatten(1);
      return std::vector{at::linear(pixels, matrix, bias(inputs)).permute({0, 3, 1, 2})};
    };
  }
  if (window.pads_begin == window.pads_end) {
    return [window](Arguments& inputs) {
      return std::vector{at::conv2d(inputs[0], inputs[1], bias(inputs), window.strides,
                                    window.pads_begin, window.dilations, window.groups)};
    };
  }
  const std::array<std::int64_t, 4> pads = {window.pads_begin[1], window.pads_end[1],
                                            window.pads_begin[0], window.pads_end[0]};
  return [window, pads](Arguments& inputs) {
    const at::Tensor padded = at::constant_pad_nd(inputs[0], pads, 0);
    return std::vector{at::conv2d(padded, inputs[1], bias(inputs), window.strides, kNoPads,
                                  window.dilations, window.groups)};
  };
}

Forward build_conv_transpose(const StepSource& source) {
  const WindowGeometry window = transposed_window_geometry(source.node.graph(), source.node.node());
  return [window](Arguments& inputs) {
    // Every output of the unpadded windows is computed, and a margin that output_padding asks for;
    // then the pads are cut off.
    const at::Tensor& x = inputs[0];
    WindowGeometry::Pair margin = kNoPads;
    WindowGeometry::Pair cut = window.pads_end;
    for (const std::size_t axis : {0, 1}) {
      if (window.output[axis] < 0) continue;
      const std::int64_t input = x.size(axis == 0 ? 2 : 3);
      const std::int64_t whole = (input - 1) * window.strides[axis] + window.reach(axis);
      const std::int64_t excess = whole - window.pads_begin[axis] - window.output[axis];
      margin[axis] = std::max<std::int64_t>(0, -excess);
      cut[axis] = std::max<std::int64_t>(0, excess);
    }
    const at::Tensor whole = at::conv_transpose2d(x, inputs[1], bias(inputs), window.strides,
                                                  kNoPads, margin, window.groups, window.dilations);
    return std::vector{at::constant_pad_nd(
        whole, {-window.pads_begin[1], -cut[1], -window.pads_begin[0], -cut[0]}, 0)};
  };
}

}  // namespace quern
