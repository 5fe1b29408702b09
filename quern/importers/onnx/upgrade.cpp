#include "quern/importers/onnx/upgrade.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "onnx/onnx.pb.h"
#include "quern/importers/onnx/internal/form.h"
#include "quern/importers/onnx/tensors.h"
#include "quern/ops/infer_node.h"
#include "quern/ops/node_view.h"

namespace quern {
namespace {

/// Half-precision networks are computed in float32.
void widen_cast(Graph& graph, NodeId id) {
  const auto to = graph.attribute_or<std::int64_t>(id, "to", onnx::TensorProto::FLOAT);
  if (to == onnx::TensorProto::FLOAT16 || to == onnx::TensorProto::BFLOAT16) {
    graph.set_attribute(id, "to", std::int64_t{onnx::TensorProto::FLOAT});
  }
}

/// CastLike is a Cast to the type of its second input.
void cast_from_like(Graph& graph, NodeId id) {
  const DType to = NodeView(graph, graph.node(id)).dtype(1);
  graph.remove_input(id, 1);
  graph.set_op(id, "Cast");
  graph.set_attribute(id, "to", std::int64_t{onnx_data_type(to)});
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

/// The coordinates that opset 11 had for TensorFlow's nearest pixel, floor((x + 1/2) / scale):
/// those of half pixels, which are 1/2 less, rounded up from halves. tf2onnx still writes them.
void rename_half_pixels(Graph& graph, NodeId id) {
  const std::string key = "coordinate_transformation_mode";
  const std::string fallback = "half_pixel";
  if (graph.attribute_or(id, key, fallback) != "tf_half_pixel_for_nn") return;
  if (graph.attribute_or<std::string>(id, "mode", "nearest") != "nearest") {
    refuse(graph, id, "interpolates at TensorFlow's coordinates of the nearest pixel");
  }
  if (graph.attribute_or<std::string>(id, "nearest_mode", "round_prefer_floor") != "floor") {
    refuse(graph, id, "rounds TensorFlow's coordinates (supported: nearest_mode floor)");
  }
  graph.set_attribute(id, key, fallback);
  graph.set_attribute(id, "nearest_mode", std::string("round_prefer_ceil"));
}

/// The one number of a constant that does not widen what it is broadcast to.
std::optional<float> scalar_input(const Graph& graph, NodeId id, std::size_t index) {
  const ValueId input = graph.node(id).inputs[index];
  const ValueId other = graph.node(id).inputs[1 - index];
  if (!graph.is_constant(input) || graph.is_constant(other)) return std::nullopt;
  const Tensor& constant = *graph.value(input).constant;
  const std::optional<Dims>& dims = graph.value(other).dims;
  const bool widens = constant.rank() > 0 && (!dims || dims->size() < constant.rank());
  if (constant.size() != 1 || constant.dtype() != DType::kFloat32 || widens) return std::nullopt;
  const float value = constant.data<float>()[0];
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// The bounds of a Relu or Clip whose result only one node reads; none for any other value.
std::optional<std::pair<float, float>> bounds_of(const Graph& graph, ValueId value) {
  const Node* node = graph.producer(value);
  if (node == nullptr || graph.use_count(value) != 1) return std::nullopt;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (node->op == "Relu") return std::pair(0.0F, kInfinity);
  if (node->op != "Clip") return std::nullopt;
  const auto bound = [&](std::size_t index, float none) -> std::optional<float> {
    if (index >= node->inputs.size() || !node->inputs[index]) return none;
    const auto& constant = graph.value(node->inputs[index]).constant;
    const bool is_scalar =
        constant && constant->dtype() == DType::kFloat32 && constant->size() == 1;
    return is_scalar ? std::optional(constant->data<float>()[0]) : std::nullopt;
  };
  const auto low = bound(1, -kInfinity);
  const auto high = bound(2, kInfinity);
  if (!low || !high || !(*low <= *high)) return std::nullopt;
  return std::pair(*low, *high);
}

/// Max or Min with a number is a Clip, or a Relu; one on top of another is one Clip.
void clip_from_extreme(Graph& graph, NodeId id) {
  if (graph.node(id).inputs.size() != 2) return;
  const bool is_max = graph.node(id).op == "Max";
  std::optional<float> bound;
  for (std::size_t index = 0; index < 2 && !bound; ++index) {
    bound = scalar_input(graph, id, index);
    if (bound) graph.remove_input(id, index);
  }
  if (!bound) return;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float low = is_max ? *bound : -kInfinity;
  float high = is_max ? kInfinity : *bound;
  const ValueId input = graph.node(id).inputs[0];
  if (const auto inner = bounds_of(graph, input)) {
    const auto [inner_low, inner_high] = *inner;
    graph.set_input(id, 0, graph.producer(input)->inputs[0]);
    graph.erase_node(graph.producer(input)->id);
    const auto clamped =
        std::pair(std::clamp(inner_low, low, high), std::clamp(inner_high, low, high));
    std::tie(low, high) = clamped;
  }
  const bool is_relu = low == 0 && high == kInfinity;
  graph.set_op(id, is_relu ? "Relu" : "Clip");
  if (is_relu) return;
  if (std::isfinite(low)) set_constant_input(graph, id, 1, "min", Tensor::scalar(low));
  if (std::isfinite(high)) set_constant_input(graph, id, 2, "max", Tensor::scalar(high));
}

/// What kOpset has too, but quern writes in one way.
constexpr auto kForms = std::to_array<OnnxForm>({
    {"BatchNormalization", 14, kEver, check_batchnorm},
    {"Resize", 0, kEver, omit_empty_inputs},
    {"Resize", 11, kEver, rename_half_pixels},
    {"Cast", 0, kEver, widen_cast},
    {"CastLike", 15, kEver, cast_from_like},
    {"SplitToSequence", 11, kEver, split_from_sequence},
    {"Max", 0, kEver, clip_from_extreme},
    {"Min", 0, kEver, clip_from_extreme},
});

void apply(std::span<const OnnxForm> forms, Graph& graph, NodeId id, std::int64_t opset) {
  const std::string op = graph.node(id).op;
  for (const OnnxForm& form : forms) {
    if (form.op == op && opset >= form.from && opset < form.before) form.rewrite(graph, id);
  }
}

}  // namespace

void upgrade(Graph& graph, const std::vector<std::int64_t>& opsets) {
  for (const ValueId input : graph.inputs()) check_size(graph.value(input));
  for (const NodeId id : graph.nodes()) {
    const std::int64_t opset = opsets.at(static_cast<std::size_t>(id.index));
    for (const auto forms : {older_forms(), newer_forms(), std::span<const OnnxForm>(kForms)}) {
      apply(forms, graph, id, opset);
    }
    infer_node(graph, id);
  }
}

}  // namespace quern
