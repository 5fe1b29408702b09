// Ops that put values together, take them apart, or add a margin.
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/pad.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/split_with_sizes.h>

#include <algorithm>

#include "quern/executor/internal/catalog.h"

namespace quern {

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

Forward build_slice(const StepSource& source) {
  const std::vector<std::int64_t> starts = source.integers(1);
  const std::vector<std::int64_t> ends = source.integers(2);
  std::vector<std::int64_t> axes(starts.size());
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
  if (source.node.has_input(3)) axes = source.integers(3);
  std::vector<std::int64_t> steps(starts.size(), 1);
  if (source.node.has_input(4)) steps = source.integers(4);
  for (const std::int64_t step : steps) {
    source.node.check_supported(step > 0, "Slice with step {} (positive steps work)", step);
  }
  return [=](Arguments& inputs) {
    at::Tensor y = inputs[0];
    for (std::size_t i = 0; i < starts.size(); ++i) {
      y = at::slice(y, axes[i], starts[i], ends[i], steps[i]);
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
  const auto unpadded = [](std::int64_t pad) { return pad == 0; };
  const auto spatial_end = pads.begin() + std::min<std::ptrdiff_t>(4, std::ssize(pads));
  source.node.check_supported(std::all_of(spatial_end, pads.end(), unpadded),
                              "Pad of mode '{}' on batch or channels (height and width work)",
                              mode);
  return [spatial = std::vector(pads.begin(), spatial_end),
          name = mode == "edge" ? "replicate" : "reflect"](Arguments& inputs) {
    return std::vector{at::pad(inputs[0], spatial, name)};
  };
}

}  // namespace quern
