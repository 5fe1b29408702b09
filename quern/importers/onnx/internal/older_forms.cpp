#include <algorithm>
#include <array>
#include <cmath>

#include "quern/base/error.h"
#include "quern/importers/onnx/internal/form.h"
#include "quern/ops/constant_value.h"
#include "quern/ops/infer_node.h"

namespace quern {
namespace {

/// attribute [ints] → input `index`
void ints_to_input(Graph& graph, NodeId id, std::string_view key, std::size_t index) {
  if (graph.attribute(id, key) == nullptr) return;
  const auto values = graph.attribute_or<Integers>(id, key, {});
  graph.erase_attribute(id, key);
  set_constant_input(graph, id, index, key, values);
}

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

/// How the old forms choose the nearest element: the one before where they enlarge, the one after
/// where they shrink.
std::string old_nearest_mode(const Graph& graph, NodeId id) {
  const auto scales = known_value(graph, graph.node(id).inputs[1]);
  const std::vector<float> factors = scales ? to_vector<float>(*scales) : std::vector<float>();
  const bool shrinks = std::ranges::any_of(factors, [](float factor) { return factor < 1; });
  const bool enlarges = std::ranges::any_of(factors, [](float factor) { return factor > 1; });
  if (shrinks && enlarges) refuse(graph, id, "enlarges one axis and shrinks another");
  return shrinks ? "ceil" : "floor";
}

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
  const std::string nearest_mode = old_nearest_mode(graph, id);
  graph.append_input(id, graph.node(id).inputs[1]);
  graph.set_input(id, 1, ValueId{});
  graph.set_op(id, "Resize");
  graph.set_attribute(id, "mode", mode);
  graph.set_attribute(id, "coordinate_transformation_mode", std::string("asymmetric"));
  if (mode == "nearest") graph.set_attribute(id, "nearest_mode", nearest_mode);
}

/// Softmax and LogSoftmax before 13 took all axes from `axis` on together:
/// Flatten → Softmax → Reshape, unless those after `axis` add nothing to a sum.
void upgrade_softmax(Graph& graph, NodeId id) {
  const Dims dims = known_dims(graph, id);
  const std::size_t axis = axis_index(graph, id, graph.attribute_or<std::int64_t>(id, "axis", 1));
  graph.set_attribute(id, "axis", static_cast<std::int64_t>(axis));
  const auto adds_nothing = [](const Dim& dim) { return dim.size == 1; };
  if (std::all_of(dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, dims.end(), adds_nothing)) {
    return;
  }
  const std::string op = graph.node(id).op;
  const std::string layer = graph.node(id).layer;
  const auto added = [&](std::string_view what, ValueId input, std::int64_t along) {
    Node node;
    node.op = what;
    node.layer = fmt::format("{}.{}", layer, what);
    node.inputs = {input};
    node.outputs = {graph.add_value(node.layer)};
    if (what != "Shape") node.attributes["axis"] = along;
    const NodeId created = graph.add_node(std::move(node));
    infer_node(graph, created);
    return graph.node(created).outputs[0];
  };
  const ValueId x = graph.node(id).inputs[0];
  const ValueId rows = added("Flatten", x, static_cast<std::int64_t>(axis));
  graph.set_op(id, "Reshape");
  graph.set_input(id, 0, added(op, rows, 1));
  graph.append_input(id, added("Shape", x, 0));
}

constexpr auto kForms = std::to_array<OnnxForm>({
    {"Clip", 0, 11, upgrade_clip},
    {"BatchNormalization", 0, 14, upgrade_batchnorm},
    {"Dropout", 0, 12, upgrade_dropout},
    {"Pad", 0, 11, upgrade_pad},
    {"Slice", 0, 10, upgrade_slice},
    {"Squeeze", 0, 13, upgrade_axes},
    {"Unsqueeze", 0, 13, upgrade_axes},
    {"Split", 0, 13, upgrade_split},
    {"Softmax", 0, 13, upgrade_softmax},
    {"LogSoftmax", 0, 13, upgrade_softmax},
    {"Upsample", 0, 10, upgrade_resize},
    {"Resize", 10, 11, upgrade_resize},
});

}  // namespace

std::span<const OnnxForm> older_forms() { return kForms; }

}  // namespace quern
