#include "quern/weights/weighted_layers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "quern/base/error.h"
#include "quern/ops/node_view.h"
#include "quern/tensor/transpose.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;

Tensor as_float(const Tensor& tensor) {
  if (tensor.dtype() == DType::kFloat32) return tensor;
  return Tensor::of<float>(tensor.shape(), to_vector<float>(tensor));
}

/// The constant of an input, as float32.
Tensor constant(const Graph& graph, const Node& node, std::size_t input) {
  const ValueId id = node.inputs.at(input);
  if (!graph.is_constant(id)) {
    fail(ErrorCode::kUnsupported, "layer '{}': its input {} is computed, not a weight of the file",
         node.layer, input);
  }
  return as_float(*graph.value(id).constant);
}

/// The one number a channel that `op` combines with its input; none if `node` is something else.
std::optional<Tensor> channel_operand(const Graph& graph, const Node& node, std::string_view op,
                                      std::int64_t channels) {
  if (node.op != op) return std::nullopt;
  for (const ValueId id : node.inputs) {
    if (!graph.is_constant(id)) continue;
    const Tensor& operand = *graph.value(id).constant;
    // [O] behind a linear layer; [O, 1, 1] or [1, O, 1, 1] behind a convolution.
    if (operand.size() == channels && std::ranges::count(operand.shape(), channels) > 0) {
      return as_float(operand).reshaped({channels});
    }
  }
  return std::nullopt;
}

Tensor filled(std::int64_t channels, float value) {
  return Tensor::of<float>({channels},
                           std::vector<float>(static_cast<std::size_t>(channels), value));
}

Tensor sum(const std::optional<Tensor>& left, const Tensor& right) {
  if (!left) return right;
  std::vector<float> values = to_vector<float>(*left);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += right.data<float>()[i];
  return Tensor::of<float>(right.shape(), values);
}

std::string activation_text(const Graph& graph, const Node& node) {
  if (quant_role(graph, node) != QuantRole::kActivation) return "";
  if (node.op != "Clip") return node.op;
  const auto bound = [&](std::size_t input) {
    const bool is_given = input < node.inputs.size() && graph.is_constant(node.inputs[input]);
    return is_given ? to_vector<double>(*graph.value(node.inputs[input]).constant).at(0)
                    : std::copysign(INFINITY, input == 1 ? -1.0 : 1.0);
  };
  return fmt::format("Clip({}, {})", bound(1), bound(2));
}

/// Zeros that a Pad in front of a convolution adds: top, left, bottom, right.
Integers pads_in_front(const Graph& graph, const Node& conv) {
  const Node* pad = graph.producer(conv.inputs[0]);
  if (pad == nullptr || pad->op != "Pad" || !graph.is_constant(pad->inputs.at(1)))
    return {0, 0, 0, 0};
  const Integers pads = to_vector<std::int64_t>(*graph.value(pad->inputs[1]).constant);
  if (pads.size() != 8) return {0, 0, 0, 0};
  return {pads[2], pads[3], pads[6], pads[7]};
}

WeightedLayer read_conv(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  WeightedLayer layer{.node = node.id, .weights = {node.layer, constant(graph, node, 1), {}, {}}};
  if (view.has_input(2)) layer.weights.bias = constant(graph, node, 2);
  layer.groups = view.attribute<std::int64_t>("group");
  const auto list = [&](const char* key) {
    const Integers* found = view.find_attribute<Integers>(key);
    return found == nullptr ? Integers() : *found;
  };
  layer.strides = list("strides");
  layer.pads = list("pads");
  const Integers more = pads_in_front(graph, node);
  for (std::size_t i = 0; i < layer.pads.size() && i < more.size(); ++i) layer.pads[i] += more[i];
  return layer;
}

WeightedLayer read_linear(const Graph& graph, const Node& node) {
  WeightedLayer layer{.node = node.id, .weights = {node.layer, constant(graph, node, 1), {}, {}}};
  Tensor& weight = layer.weights.weight;
  bool is_output_first = false;
  if (node.op == "Gemm") {
    const NodeView view(graph, node);
    is_output_first = view.attribute<std::int64_t>("transB") != 0;
    view.check_supported(view.attribute<float>("alpha") == 1 &&
                             view.attribute<float>("beta") == 1 &&
                             view.attribute<std::int64_t>("transA") == 0,
                         "a Gemm that scales or transposes its input has no plain weight");
    if (view.has_input(2)) layer.weights.bias = constant(graph, node, 2);
  }
  if (weight.rank() == 2 && !is_output_first) weight = transposed(weight, {1, 0});
  return layer;
}

/// Reads what follows a layer, as long as nothing else does.
void read_followers(const Graph& graph, WeightedLayer& layer) {
  LayerWeights& weights = layer.weights;
  const std::int64_t channels = weights.weight.shape()[0];
  ValueId value = graph.node(layer.node).outputs[0];
  while (graph.use_count(value) == 1 && !graph.is_output(value)) {
    const Node& next = graph.node(graph.uses(value)[0].node);
    if (next.op == "BatchNormalization" && !weights.batchnorm) {
      weights.batchnorm = {constant(graph, next, 1), constant(graph, next, 2),
                           constant(graph, next, 3), constant(graph, next, 4),
                           graph.attribute_or(next.id, "epsilon", 1e-5F)};
      layer.batchnorm = next.id;
    } else if (const auto factor = channel_operand(graph, next, "Mul", channels);
               factor && !weights.batchnorm) {
      // What is left of a batch norm whose arithmetic was written out and folded.
      weights.batchnorm = {*factor, filled(channels, 0), filled(channels, 0), filled(channels, 1),
                           0.0F};
    } else if (const auto added = channel_operand(graph, next, "Add", channels)) {
      if (weights.batchnorm) {
        weights.batchnorm->beta = sum(weights.batchnorm->beta, *added);
      } else {
        weights.bias = sum(weights.bias, *added);
      }
    } else {
      layer.activation = activation_text(graph, next);
      return;
    }
    value = next.outputs[0];
  }
}

}  // namespace

std::vector<WeightedLayer> weighted_layers(const Graph& graph) {
  std::vector<WeightedLayer> layers;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    const bool is_conv = node.op == "Conv";
    if (!is_conv && node.op != "Gemm" && node.op != "MatMul") continue;
    if (!is_conv && !graph.is_constant(node.inputs[1]) && !graph.quant_of(node.inputs[1])) continue;
    layers.push_back(is_conv ? read_conv(graph, node) : read_linear(graph, node));
    if (layers.back().weights.weight.rank() == 0) continue;
    read_followers(graph, layers.back());
  }
  return layers;
}

}  // namespace quern
