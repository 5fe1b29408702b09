// Resize: height, then width, each by its taps.
#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/tensor.h>

#include <array>
#include <cmath>

#include "quern/executor/internal/catalog.h"
#include "quern/ops/resize_taps.h"

namespace quern {
namespace {

/// What a Resize makes of the extent of one axis.
struct Axis {
  std::int64_t dim = 0;
  std::int64_t output = 0;  ///< 0: `scale` of the input.
  float scale = 0;          ///< 0: from the extents.
};

at::Tensor resized(const at::Tensor& x, const Axis& axis, const ResizeMode& mode) {
  const std::int64_t input = x.size(axis.dim);
  const std::int64_t output =
      axis.output > 0
          ? axis.output
          : static_cast<std::int64_t>(std::floor(static_cast<float>(input) * axis.scale));
  const float scale =
      axis.scale > 0 ? axis.scale : static_cast<float>(output) / static_cast<float>(input);
  if (input == output && scale == 1.0F) return x;
  const ResizeTaps taps = resize_taps(mode, input, output, scale);
  const at::Tensor low = at::index_select(x, axis.dim, at::tensor(taps.low));
  if (taps.low == taps.high) return low;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[static_cast<std::size_t>(axis.dim)] = output;
  return at::lerp(low, at::index_select(x, axis.dim, at::tensor(taps.high)),
                  at::tensor(taps.weight).reshape(shape));
}

}  // namespace

Forward build_resize(const StepSource& source) {
  std::array<Axis, 2> axes = {Axis{.dim = 2}, Axis{.dim = 3}};
  if (source.is_constant(2) && source.constants[2].numel() > 0) {
    const at::Tensor& scales = source.constants[2];
    for (Axis& axis : axes) axis.scale = scales[axis.dim].item<float>();
  } else {
    const std::vector<std::int64_t> sizes = source.integers(3);
    for (Axis& axis : axes) axis.output = sizes.at(static_cast<std::size_t>(axis.dim));
  }
  return [axes, mode = resize_mode(source.node)](Arguments& inputs) {
    at::Tensor result = inputs[0];
    for (const Axis& axis : axes) result = resized(result, axis, mode);
    return std::vector{result};
  };
}

}  // namespace quern
