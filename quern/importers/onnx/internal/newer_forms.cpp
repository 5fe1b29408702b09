#include <algorithm>
#include <array>

#include "quern/base/error.h"
#include "quern/importers/onnx/internal/form.h"
#include "quern/ops/constant_value.h"

namespace quern {
namespace {

/// Reductions from 18 on: axes as an input.
void lower_reduction(Graph& graph, NodeId id) {
  const std::optional<Integers> axes = constant_input(graph, id, 1, "axes");
  const auto is_noop = graph.attribute_or<std::int64_t>(id, "noop_with_empty_axes", 0) != 0;
  graph.erase_attribute(id, "noop_with_empty_axes");
  if (graph.node(id).inputs.size() > 1) graph.remove_input(id, 1);
  if (axes && !axes->empty()) {
    graph.set_attribute(id, "axes", *axes);
  } else if (is_noop) {
    graph.set_op(id, "Identity");
  }
}

/// Pad from 18 on: axes as a fourth input.
void lower_pad(Graph& graph, NodeId id) {
  const std::optional<Integers> axes = constant_input(graph, id, 3, "axes");
  if (graph.node(id).inputs.size() > 3) graph.remove_input(id, 3);
  if (!axes) return;
  const std::optional<Integers> pads = constant_input(graph, id, 1, "pads");
  if (!pads || pads->size() != 2 * axes->size()) {
    fail(ErrorCode::kParse, "layer '{}': Pad has {} pads for {} axes", graph.node(id).layer,
         pads ? pads->size() : 0, axes->size());
  }
  const std::size_t rank = known_dims(graph, id).size();
  Integers all(2 * rank, 0);
  for (std::size_t i = 0; i < axes->size(); ++i) {
    const std::size_t axis = axis_index(graph, id, (*axes)[i]);
    all[axis] = (*pads)[i];
    all[rank + axis] = (*pads)[axes->size() + i];
  }
  set_constant_input(graph, id, 1, "pads", all);
}

/// Split from 18 on: num_outputs, of which the last may be smaller. Equal parts are what its
/// absence means.
void lower_split(Graph& graph, NodeId id) {
  const auto count = graph.attribute_or<std::int64_t>(id, "num_outputs", 0);
  graph.erase_attribute(id, "num_outputs");
  if (count == 0) return;
  if (count != std::ssize(graph.node(id).outputs)) {
    fail(ErrorCode::kParse, "layer '{}': Split has num_outputs = {} and {} outputs",
         graph.node(id).layer, count, graph.node(id).outputs.size());
  }
  const Dims& dims = known_dims(graph, id);
  const Dim& whole = dims[axis_index(graph, id, graph.attribute_or<std::int64_t>(id, "axis", 0))];
  if (!whole.is_fixed() || whole.size % count == 0) return;
  const std::int64_t part = whole.size / count + 1;
  Integers parts(static_cast<std::size_t>(count), part);
  parts.back() = whole.size - part * (count - 1);
  set_constant_input(graph, id, 1, "split", parts);
}

/// The scales or sizes of chosen axes, as those of all axes.
void spread_over_axes(Graph& graph, NodeId id, const Integers& axes) {
  const Dims dims = known_dims(graph, id);
  const auto spread = [&](std::size_t input, auto values, auto all) {
    if (values.size() != axes.size()) {
      fail(ErrorCode::kParse, "layer '{}': Resize has {} numbers for {} axes", graph.node(id).layer,
           values.size(), axes.size());
    }
    for (std::size_t i = 0; i < axes.size(); ++i) all[axis_index(graph, id, axes[i])] = values[i];
    using T = typename decltype(all)::value_type;
    set_constant_input(graph, id, input, input == 2 ? "scales" : "sizes",
                       Tensor::of<T>({std::ssize(all)}, all));
  };
  const std::vector<ValueId> inputs = graph.node(id).inputs;
  if (inputs.size() > 2 && inputs[2]) {
    const auto scales = known_value(graph, inputs[2]);
    if (!scales) refuse(graph, id, "computes its scales (supported: a constant)");
    spread(2, to_vector<float>(*scales), std::vector<float>(dims.size(), 1.0F));
  }
  if (const auto sizes = constant_input(graph, id, 3, "sizes")) {
    Integers all;
    for (const Dim& dim : dims) all.push_back(dim.size);
    if (std::ranges::count(all, -1) > 0) {
      refuse(graph, id, "resizes chosen axes of an input whose other extents are free");
    }
    spread(3, *sizes, all);
  }
}

/// Resize from 18 on: antialias, axes, keep_aspect_ratio_policy.
void lower_resize(Graph& graph, NodeId id) {
  refuse_unless(graph, id, "antialias", 0, 0);
  if (graph.attribute_or<std::string>(id, "keep_aspect_ratio_policy", "stretch") != "stretch") {
    refuse(graph, id, "keeps the aspect ratio (supported: stretch)");
  }
  graph.erase_attribute(id, "keep_aspect_ratio_policy");
  const auto axes = graph.attribute_or<Integers>(id, "axes", {});
  graph.erase_attribute(id, "axes");
  if (!axes.empty()) spread_over_axes(graph, id, axes);
}

/// AveragePool from 19 on: dilations.
void lower_average_pool(Graph& graph, NodeId id) {
  const auto dilations = graph.attribute_or<Integers>(id, "dilations", {});
  if (std::ranges::any_of(dilations, [](std::int64_t step) { return step != 1; })) {
    refuse(graph, id, "is dilated (supported: dilations of 1)");
  }
  graph.erase_attribute(id, "dilations");
}

/// Cast from 19 on: how 8-bit floats saturate and round, which no type that quern reads needs.
void lower_cast(Graph& graph, NodeId id) {
  graph.erase_attribute(id, "saturate");
  graph.erase_attribute(id, "round_mode");
}

constexpr auto kForms = std::to_array<OnnxForm>({
    {"ReduceMean", 18, kEver, lower_reduction},
    {"ReduceMax", 18, kEver, lower_reduction},
    {"ReduceMin", 18, kEver, lower_reduction},
    {"ReduceProd", 18, kEver, lower_reduction},
    {"Pad", 18, kEver, lower_pad},
    {"Split", 18, kEver, lower_split},
    {"Resize", 18, kEver, lower_resize},
    {"AveragePool", 19, kEver, lower_average_pool},
    {"Cast", 19, kEver, lower_cast},
});

}  // namespace

std::span<const OnnxForm> newer_forms() { return kForms; }

}  // namespace quern
