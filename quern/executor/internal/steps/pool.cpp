// Pooling over windows and over whole planes.
#include <ATen/TensorOperators.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/ones.h>

#include <limits>

#include "quern/executor/internal/catalog.h"
#include "quern/ops/window_geometry.h"

namespace quern {
namespace {

/// Whether LibTorch's own pads say it: equal on both sides, at most half a window, and the last
/// window inside.
bool is_plain(const WindowGeometry& window, bool ceil_mode) {
  if (ceil_mode || window.pads_begin != window.pads_end) return false;
  return window.pads_begin[0] <= window.kernel[0] / 2 &&
         window.pads_begin[1] <= window.kernel[1] / 2;
}

/// Pads (left, right, top, bottom) after which the windows that the geometry counts are exactly
/// those of a pooling without pads.
std::array<std::int64_t, 4> exact_pads(const WindowGeometry& window, const NodeView& node) {
  std::array<std::int64_t, 4> pads;
  for (const std::size_t axis : {0, 1}) {
    node.check_supported(window.input[axis] >= 0 && window.output[axis] >= 0,
                         "{} with uneven pads or ceil_mode on an input of unknown extent",
                         node.op());
    const std::int64_t last_end =
        (window.output[axis] - 1) * window.strides[axis] + window.reach(axis);
    pads[2 - 2 * axis] = window.pads_begin[axis];
    pads[3 - 2 * axis] = last_end - window.pads_begin[axis] - window.input[axis];
  }
  return pads;
}

}  // namespace

Forward build_max_pool(const StepSource& source) {
  const WindowGeometry window = window_geometry(source.node.graph(), source.node.node());
  if (is_plain(window, source.node.attribute<std::int64_t>("ceil_mode") != 0)) {
    return [window](Arguments& inputs) {
      return std::vector{at::max_pool2d(inputs[0], window.kernel, window.strides, window.pads_begin,
                                        window.dilations)};
    };
  }
  return [window, pads = exact_pads(window, source.node)](Arguments& inputs) {
    constexpr double kLowest = -std::numeric_limits<double>::infinity();
    const at::Tensor padded = at::constant_pad_nd(inputs[0], pads, kLowest);
    return std::vector{
        at::max_pool2d(padded, window.kernel, window.strides, {0, 0}, window.dilations)};
  };
}

Forward build_average_pool(const StepSource& source) {
  const WindowGeometry window = window_geometry(source.node.graph(), source.node.node());
  const bool count_pads = source.node.attribute<std::int64_t>("count_include_pad") != 0;
  source.node.check_supported(window.dilations == WindowGeometry::Pair{1, 1},
                              "AveragePool with dilations {} x {} (1 x 1 works)",
                              window.dilations[0], window.dilations[1]);
  if (is_plain(window, source.node.attribute<std::int64_t>("ceil_mode") != 0)) {
    return [window, count_pads](Arguments& inputs) {
      return std::vector{at::avg_pool2d(inputs[0], window.kernel, window.strides, window.pads_begin,
                                        /*ceil_mode=*/false, count_pads)};
    };
  }
  const auto sums = [window](const at::Tensor& x) {
    return at::avg_pool2d(x, window.kernel, window.strides, {0, 0}, /*ceil_mode=*/false,
                          /*count_include_pad=*/true, /*divisor_override=*/1);
  };
  // Each window divides by the elements it counts: those of the input, and on request those of the
  // pads that the node states; never what ceil_mode adds beyond them.
  const auto pads = exact_pads(window, source.node);
  auto stated = pads;
  for (const std::size_t axis : {0, 1}) {
    stated[3 - 2 * axis] = std::min(pads[3 - 2 * axis], window.pads_end[axis]);
  }
  at::Tensor counted = at::ones({1, 1, window.input[0], window.input[1]});
  counted = at::constant_pad_nd(counted, stated, count_pads ? 1 : 0);
  counted = at::constant_pad_nd(counted, {0, pads[1] - stated[1], 0, pads[3] - stated[3]}, 0);
  return [pads, sums, counts = sums(counted)](Arguments& inputs) {
    return std::vector{sums(at::constant_pad_nd(inputs[0], pads, 0)) / counts};
  };
}

Forward build_global_pool(const StepSource& source) {
  const bool average = source.node.op() == "GlobalAveragePool";
  return [average](Arguments& inputs) {
    const at::Tensor& x = inputs[0];
    std::vector<std::int64_t> plane;
    for (std::int64_t dim = 2; dim < x.dim(); ++dim) plane.push_back(dim);
    return std::vector{average ? at::mean(x, plane, /*keepdim=*/true)
                               : at::amax(x, plane, /*keepdim=*/true)};
  };
}

}  // namespace quern
