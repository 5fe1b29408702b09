#include "quern/ops/constant_value.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "quern/ops/evaluate_node.h"
#include "quern/ops/symbolic_integers.h"
#include "quern/ops/transpose.h"
#include "quern/tensor/transpose.h"

namespace quern {
namespace {

/// The extents of the node's first output, if all are fixed.
std::optional<Shape> output_shape(const NodeView& node) {
  const std::optional<Dims>& dims = node.graph().value(node.node().outputs[0]).dims;
  if (!dims) return std::nullopt;
  Shape shape;
  for (const Dim& dim : *dims) {
    if (!dim.is_fixed()) return std::nullopt;
    shape.push_back(dim.size);
  }
  return shape;
}

bool only_relabels(std::string_view op) {
  constexpr std::array<std::string_view, 6> kOps = {"Dropout", "Flatten", "Identity",
                                                    "Reshape", "Squeeze", "Unsqueeze"};
  return std::ranges::find(kOps, op) != kOps.end();
}

/// The inputs, where all of them are constants.
std::optional<std::vector<Tensor>> constant_inputs(const NodeView& node) {
  std::vector<Tensor> tensors;
  for (const ValueId input : node.node().inputs) {
    if (!node.graph().is_constant(input)) return std::nullopt;
    tensors.push_back(*node.graph().value(input).constant);
  }
  return tensors;
}

}  // namespace

Tensor constant_attribute(const NodeView& node) {
  if (const auto* tensor = node.find_attribute<Tensor>("value")) return *tensor;
  if (const auto* value = node.find_attribute<std::int64_t>("value_int")) {
    return Tensor::scalar(*value);
  }
  if (const auto* value = node.find_attribute<float>("value_float")) return Tensor::scalar(*value);
  if (const auto* values = node.find_attribute<std::vector<std::int64_t>>("value_ints")) {
    return Tensor::of<std::int64_t>({std::ssize(*values)}, *values);
  }
  if (const auto* values = node.find_attribute<std::vector<float>>("value_floats")) {
    return Tensor::of<float>({std::ssize(*values)}, *values);
  }
  node.fail(ErrorCode::kUnsupported,
            "Constant has none of value, value_int, value_ints, value_float, value_floats");
}

std::optional<Tensor> known_value(const Graph& graph, ValueId value) {
  if (!value) return std::nullopt;
  if (const auto& constant = graph.value(value).constant) return constant;
  const Node* producer = graph.producer(value);
  if (producer == nullptr) return std::nullopt;
  if (producer->op == "Constant") return constant_attribute(NodeView(graph, *producer));
  return known_chain(graph, value);
}

std::optional<Tensor> evaluate_constant(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  if (!view.has_output(0)) return std::nullopt;
  if (node.op == "Constant") return constant_attribute(view);
  const bool reads_constant = view.has_input(0) && graph.is_constant(node.inputs[0]);
  if (reads_constant) {
    const Tensor& source = *view.input(0).constant;
    if (node.op == "Transpose") return transposed(source, axis_order(view, source.rank()));
    if (only_relabels(node.op)) {
      const auto shape = output_shape(view);
      return shape ? std::optional(source.reshaped(*shape)) : std::nullopt;
    }
  }
  if (const auto inputs = constant_inputs(view); inputs && !inputs->empty()) {
    if (auto result = evaluate_node(view, *inputs)) return result;
  }
  return known_chain(graph, node.outputs[0]);
}

}  // namespace quern
