// Ops that put values together, take them apart, repeat them, or add a margin.
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/split_with_sizes.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "quern/executor/internal/catalog.h"

namespace quern {
namespace {

/// Every step-th element of an axis from `start` down to before `end`; `step` is negative.
at::Tensor slice_backwards(const at::Tensor& x, std::int64_t axis, std::int64_t start,
                           std::int64_t end, std::int64_t step) {
  const std::int64_t extent = x.size(axis);
  if (extent == 0) return x;
  const auto from_back = [extent](std::int64_t bound, std::int64_t low) {
    return extent - 1 - std::clamp(bound < 0 ? bound + extent : bound, low, extent - 1);
  };
  // A longer step than the axis takes one element; the lowest integer has no negative.
  const std::int64_t stride = -std::max(step, -extent);
  return at::slice(at::flip(x, {axis}), axis, from_back(start, 0), from_back(end, -1), stride);
}

/// The elements that an axis of `extent` has after a border: the nearest ones, or their reflection
/// about the first and the last. A negative count crops.
at::Tensor bordered(std::int64_t extent, std::int64_t begin, std::int64_t end, bool reflects) {
  std::vector<std::int64_t> elements;
  const std::int64_t period = std::max<std::int64_t>(1, 2 * (extent - 1));
  for (std::int64_t i = -begin; i < extent + end; ++i) {
    const std::int64_t phase = (i % period + period) % period;
    elements.push_back(reflects ? std::min(phase, period - phase)
                                : std::clamp<std::int64_t>(i, 0, extent - 1));
  }
  return at::tensor(elements);
}

}  // namespace

Forward build_concat(const StepSource& source) {
  return [axis = source.node.attribute<std::int64_t>("axis")](Arguments& inputs) {
    return std::vector{at::cat(inputs.all(), axis)};
  };
}

Forward build_split(const StepSource& source) {
  const auto axis = source.node.attribute<std::int64_t>("axis");
  if (source.node.has_input(1)) {
    return [axis, sizes = source.integers(1)](Arguments& inputs) {
      return at::split_with_sizes(inputs[0], sizes, axis);
    };
  }
  const auto parts = static_cast<std::int64_t>(source.node.node().outputs.size());
  return [axis, parts](Arguments& inputs) {
    return inputs[0].split((inputs[0].size(axis) + parts - 1) / parts, axis);
  };
}

Forward build_gather(const StepSource& source) {
  const std::vector<std::int64_t> indices = source.integers(1);
  return [indices, shape = source.constants[1].sizes().vec(),
          axis = source.node.attribute<std::int64_t>("axis")](Arguments& inputs) {
    const at::Tensor& x = inputs[0];
    const std::int64_t position = axis < 0 ? axis + x.dim() : axis;
    std::vector<std::int64_t> from_front = indices;
    for (std::int64_t& index : from_front) index += index < 0 ? x.size(position) : 0;
    std::vector<std::int64_t> result = x.sizes().vec();
    const auto place = result.erase(result.begin() + position);
    result.insert(place, shape.begin(), shape.end());
    return std::vector{at::index_select(x, position, at::tensor(from_front)).reshape(result)};
  };
}

Forward build_tile(const StepSource& source) {
  return [repeats = source.integers(1)](Arguments& inputs) {
    return std::vector{inputs[0].repeat(repeats)};
  };
}

Forward build_slice(const StepSource& source) {
  const std::vector<std::int64_t> starts = source.integers(1);
  const std::vector<std::int64_t> ends = source.integers(2);
  std::vector<std::int64_t> axes(starts.size());
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
  if (source.node.has_input(3)) axes = source.integers(3);
  std::vector<std::int64_t> steps(starts.size(), 1);
  if (source.node.has_input(4)) steps = source.integers(4);
  return [=](Arguments& inputs) {
    at::Tensor y = inputs[0];
    for (std::size_t i = 0; i < starts.size(); ++i) {
      y = steps[i] > 0 ? at::slice(y, axes[i], starts[i], ends[i], steps[i])
                       : slice_backwards(y, axes[i], starts[i], ends[i], steps[i]);
    }
    return std::vector{y};
  };
}

Forward build_pad(const StepSource& source) {
  source.node.check_supported(!source.node.has_input(3),
                              "Pad with axes (pads for every axis work)");
  const std::vector<std::int64_t> given = source.integers(1);
  // ONNX lists the beginnings of all axes, then the ends; LibTorch pairs, last axis first.
  const std::size_t rank = given.size() / 2;
  std::vector<std::int64_t> pads;
  for (std::size_t axis = rank; axis-- > 0;) {
    pads.insert(pads.end(), {given[axis], given[axis + rank]});
  }
  const auto& mode = source.node.attribute<std::string>("mode");
  if (mode == "constant") {
    double value = 0;
    if (source.node.has_input(2)) {
      source.node.check_supported(source.is_constant(2), "Pad with a computed value");
      value = source.constants[2].item<double>();
    }
    return [pads, value](Arguments& inputs) {
      return std::vector{at::constant_pad_nd(inputs[0], pads, value)};
    };
  }
  return [given, rank, reflects = mode == "reflect"](Arguments& inputs) {
    at::Tensor y = inputs[0];
    for (std::size_t i = 0; i < rank; ++i) {
      if (given[i] == 0 && given[i + rank] == 0) continue;
      const auto axis = static_cast<std::int64_t>(i);
      y = y.index_select(axis, bordered(y.size(axis), given[i], given[i + rank], reflects));
    }
    return std::vector{y};
  };
}

}  // namespace quern
