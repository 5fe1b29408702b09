#include "quern/importers/onnx_upgrade.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "onnx/onnx.pb.h"
#include "quern/base/error.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;

[[noreturn]] void refuse(const Graph& graph, NodeId id, std::string_view reason) {
  const Node& node = graph.node(id);
  fail(ErrorCode::kUnsupported, "layer '{}': {} {}", node.layer, node.op, reason);
}

Tensor to_tensor(const Integers& values) {
  return Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

/// Puts a constant at input `index`; inputs left out before it stay "none".
void set_constant_input(Graph& graph, NodeId id, std::size_t index, std::string_view what,
                        Tensor constant) {
  const std::string name = fmt::format("{}.{}", graph.node(id).layer, what);
  while (graph.node(id).inputs.size() <= index) graph.append_input(id, ValueId{});
  graph.set_input(id, index, graph.add_constant(name, std::move(constant)));
}

/// The integers behind input `index`; none if it is left out. Refuses computed ones.
std::optional<Integers> constant_input(const Graph& graph, NodeId id, std::size_t index,
                                       std::string_view what) {
  const std::vector<ValueId>& inputs = graph.node(id).inputs;
  if (index >= inputs.size() || !inputs[index]) return std::nullopt;
  if (!graph.is_constant(inputs[index])) {
    refuse(graph, id, fmt::format("computes its {} (supported: a constant)", what));
  }
  return to_vector<std::int64_t>(*graph.value(inputs[index]).constant);
}

/// attribute [ints] → input `index`
void ints_to_input(Graph& graph, NodeId id, std::string_view key, std::size_t index) {
  if (graph.attribute(id, key) == nullptr) return;
  const auto values = graph.attribute_or<Integers>(id, key, {});
  graph.erase_attribute(id, key);
  set_constant_input(graph, id, index, key, to_tensor(values));
}

void refuse_unless(Graph& graph, NodeId id, std::string_view key, std::int64_t expected,
                   std::int64_t fallback) {
  const auto value = graph.attribute_or<std::int64_t>(id, key, fallback);
  if (value != expected) {
    refuse(graph, id, fmt::format("has {} = {} (supported: {})", key, value, expected));
  }
  graph.erase_attribute(id, key);
}

// --- older forms --------------------------------------------------------------------------------

/// Clip before 11: min and max as attributes.
void upgrade_clip(Graph& graph, NodeId id) {
  const auto bound = [&](std::string_view key, std::size_t index) {
    if (graph.attribute(id, key) == nullptr) return;
    const auto value = graph.attribute_or<float>(id, key, 0.0F);
    graph.erase_attribute(id, key);
    if (std::isfinite(value)) set_constant_input(graph, id, index, key, Tensor::scalar(value));
  };
  bound("min", 1);
  bound("max", 2);
}

/// BatchNormalization before 9: `spatial`; before 14: training was told by further outputs.
void upgrade_batchnorm(Graph& graph, NodeId id) {
  refuse_unless(graph, id, "spatial", 1, 1);
  const std::vector<ValueId>& outputs = graph.node(id).outputs;
  if (std::any_of(outputs.begin() + 1, outputs.end(),
                  [](ValueId output) { return bool(output); })) {
    refuse(graph, id, "computes statistics, as in training (export the model in evaluation mode)");
  }
}

/// Dropout before 12: ratio as an attribute.
void upgrade_dropout(Graph& graph, NodeId id) {
  if (graph.attribute(id, "ratio") == nullptr) return;
  const auto ratio = graph.attribute_or<float>(id, "ratio", 0.5F);
  graph.erase_attribute(id, "ratio");
  set_constant_input(graph, id, 1, "ratio", Tensor::scalar(ratio));
}

/// Pad before 11: pads and value as attributes.
void upgrade_pad(Graph& graph, NodeId id) {
  ints_to_input(graph, id, "pads", 1);
  if (graph.attribute(id, "value") == nullptr) return;
  const auto value = graph.attribute_or<float>(id, "value", 0.0F);
  graph.erase_attribute(id, "value");
  set_constant_input(graph, id, 2, "constant_value", Tensor::scalar(value));
}

/// Slice before 10: starts, ends and axes as attributes.
void upgrade_slice(Graph& graph, NodeId id) {
  ints_to_input(graph, id, "starts", 1);
  ints_to_input(graph, id, "ends", 2);
  ints_to_input(graph, id, "axes", 3);
}

void upgrade_axes(Graph& graph, NodeId id) { ints_to_input(graph, id, "axes", 1); }

void upgrade_split(Graph& graph, NodeId id) { ints_to_input(graph, id, "split", 1); }

/// Upsample (before 10) and Resize-10: Resize without a region, sampled asymmetrically.
void upgrade_resize(Graph& graph, NodeId id) {
  auto mode = graph.attribute_or<std::string>(id, "mode", "nearest");
  if (mode == "bilinear") mode = "linear";
  if (graph.attribute(id, "scales") != nullptr) {  // Upsample-7
    const auto scales = graph.attribute_or<std::vector<float>>(id, "scales", {});
    set_constant_input(graph, id, 1, "scales",
                       Tensor::of<float>({static_cast<std::int64_t>(scales.size())}, scales));
  }
  if (graph.node(id).inputs.size() != 2) refuse(graph, id, "has no scales");
  graph.append_input(id, graph.node(id).inputs[1]);
  graph.set_input(id, 1, ValueId{});
  graph.set_op(id, "Resize");
  graph.set_attribute(id, "mode", mode);
  graph.set_attribute(id, "coordinate_transformation_mode", std::string("asymmetric"));
  if (mode == "nearest") graph.set_attribute(id, "nearest_mode", std::string("floor"));
}

// --- newer forms --------------------------------------------------------------------------------

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
  if (!axes) return;
  for (std::size_t i = 0; i < axes->size(); ++i) {
    if ((*axes)[i] != static_cast<std::int64_t>(i)) {
      refuse(graph, id, "pads chosen axes (supported: pads for all axes)");
    }
  }
  graph.remove_input(id, 3);
}

/// Split from 18 on: num_outputs; equal parts are what its absence means.
void lower_split(Graph& graph, NodeId id) { graph.erase_attribute(id, "num_outputs"); }

/// Resize from 18 on: antialias, axes, keep_aspect_ratio_policy.
void lower_resize(Graph& graph, NodeId id) {
  refuse_unless(graph, id, "antialias", 0, 0);
  if (graph.attribute(id, "axes") != nullptr) refuse(graph, id, "resizes chosen axes");
  if (graph.attribute_or<std::string>(id, "keep_aspect_ratio_policy", "stretch") != "stretch") {
    refuse(graph, id, "keeps the aspect ratio (supported: stretch)");
  }
  graph.erase_attribute(id, "keep_aspect_ratio_policy");
}

/// AveragePool from 19 on: dilations.
void lower_average_pool(Graph& graph, NodeId id) {
  const auto dilations = graph.attribute_or<Integers>(id, "dilations", {});
  if (std::ranges::any_of(dilations, [](std::int64_t step) { return step != 1; })) {
    refuse(graph, id, "is dilated");
  }
  graph.erase_attribute(id, "dilations");
}

/// Cast from 19 on: how 8-bit floats saturate and round, which no type that quern reads needs.
void lower_cast(Graph& graph, NodeId id) {
  graph.erase_attribute(id, "saturate");
  graph.erase_attribute(id, "round_mode");
}

// --- any opset ----------------------------------------------------------------------------------

/// Half-precision networks are computed in float32.
void widen_cast(Graph& graph, NodeId id) {
  const auto to = graph.attribute_or<std::int64_t>(id, "to", onnx::TensorProto::FLOAT);
  if (to == onnx::TensorProto::FLOAT16 || to == onnx::TensorProto::BFLOAT16) {
    graph.set_attribute(id, "to", std::int64_t{onnx::TensorProto::FLOAT});
  }
}

void check_batchnorm(Graph& graph, NodeId id) {
  if (graph.attribute_or<std::int64_t>(id, "training_mode", 0) != 0) {
    refuse(graph, id, "is in training mode (export the model in evaluation mode)");
  }
}

/// An empty region, scales or sizes of a Resize stand for none.
void omit_empty_inputs(Graph& graph, NodeId id) {
  for (std::size_t i = 1; i < graph.node(id).inputs.size(); ++i) {
    const ValueId input = graph.node(id).inputs[i];
    if (graph.is_constant(input) && graph.value(input).constant->size() == 0) {
      graph.set_input(id, i, ValueId{});
    }
  }
  while (!graph.node(id).inputs.back()) graph.remove_input(id, graph.node(id).inputs.size() - 1);
}

struct Rule {
  std::string_view op;
  std::int64_t from;    ///< First opset that has the form …
  std::int64_t before;  ///< … and first that has it no longer.
  void (*rewrite)(Graph&, NodeId);
};

constexpr std::int64_t kEver = 1 << 20;

constexpr auto kRules = std::to_array<Rule>({
    {"Clip", 0, 11, upgrade_clip},
    {"BatchNormalization", 0, 14, upgrade_batchnorm},
    {"BatchNormalization", 14, kEver, check_batchnorm},
    {"Dropout", 0, 12, upgrade_dropout},
    {"Pad", 0, 11, upgrade_pad},
    {"Slice", 0, 10, upgrade_slice},
    {"Squeeze", 0, 13, upgrade_axes},
    {"Unsqueeze", 0, 13, upgrade_axes},
    {"ReduceSum", 0, 13, upgrade_axes},
    {"Split", 0, 13, upgrade_split},
    {"Upsample", 0, 10, upgrade_resize},
    {"Resize", 10, 11, upgrade_resize},
    {"ReduceMean", 18, kEver, lower_reduction},
    {"ReduceMax", 18, kEver, lower_reduction},
    {"ReduceMin", 18, kEver, lower_reduction},
    {"ReduceProd", 18, kEver, lower_reduction},
    {"ReduceL1", 18, kEver, lower_reduction},
    {"ReduceL2", 18, kEver, lower_reduction},
    {"ReduceSumSquare", 18, kEver, lower_reduction},
    {"ReduceLogSum", 18, kEver, lower_reduction},
    {"ReduceLogSumExp", 18, kEver, lower_reduction},
    {"Pad", 18, kEver, lower_pad},
    {"Split", 18, kEver, lower_split},
    {"Resize", 18, kEver, lower_resize},
    {"Resize", 0, kEver, omit_empty_inputs},
    {"AveragePool", 19, kEver, lower_average_pool},
    {"Cast", 19, kEver, lower_cast},
    {"Cast", 0, kEver, widen_cast},
});

}  // namespace

void upgrade(Graph& graph, std::int64_t opset) {
  for (const NodeId id : graph.nodes()) {
    const std::string op = graph.node(id).op;
    for (const Rule& rule : kRules) {
      if (rule.op == op && opset >= rule.from && opset < rule.before) rule.rewrite(graph, id);
    }
  }
}

void upgrade_softmax(Graph& graph, std::int64_t opset) {
  if (opset >= 13) return;
  for (const NodeId id : graph.nodes_of("Softmax")) {
    const ValueId input = graph.node(id).inputs.at(0);
    const std::optional<Dims> dims = graph.value(input).dims;
    if (!dims) refuse(graph, id, "has an input of unknown rank");
    const auto rank = static_cast<std::int64_t>(dims->size());
    auto axis = graph.attribute_or<std::int64_t>(id, "axis", 1);
    if (axis < 0) axis += rank;
    const auto further = static_cast<std::ptrdiff_t>(std::clamp<std::int64_t>(axis + 1, 0, rank));
    // Further axes of extent 1 add nothing to a sum.
    if (!std::all_of(dims->begin() + further, dims->end(),
                     [](const Dim& d) { return d.size == 1; })) {
      refuse(graph, id,
             fmt::format("normalises over the axes {} to {} together (supported: one axis)", axis,
                         rank - 1));
    }
    graph.set_attribute(id, "axis", axis);
  }
}

}  // namespace quern
