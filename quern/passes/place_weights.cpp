// place_weights, place_biases: the Quant nodes on the constants of layers with weights.
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/ops/op_def.h"
#include "quern/passes/internal/placement.h"

namespace quern::internal {
namespace {

constexpr int kBiasBits = 32;

/// A vector with one number per output channel, in the layout that a per-channel grid can follow.
bool is_channel_vector(const Tensor& bias, std::size_t channels) {
  return bias.rank() > 0 && static_cast<std::size_t>(bias.shape().back()) == channels &&
         static_cast<std::size_t>(bias.size()) == channels;
}

/// Why the bias of a Gemm stays float; empty if it gets a grid.
std::string reason_against_bias(Placement& placement, const Node& gemm) {
  const Graph& graph = placement.graph;
  if (placement.rules.spec(placement.subject(gemm), Role::kBias).quantize == false) {
    return "a rule says so";
  }
  if (graph.quant_of(gemm.inputs[1]) == nullptr) return "its layer's weight is not quantized";
  if (grids_of(graph, gemm.inputs[0]).empty()) return "its layer's input is not quantized";
  if (graph.attribute_or(gemm.id, "alpha", 1.0F) != 1.0F ||
      graph.attribute_or(gemm.id, "beta", 1.0F) != 1.0F) {
    return "alpha and beta are not 1";
  }
  const Tensor& weight = *graph.constant_behind(gemm.inputs[1]);
  const auto axis = static_cast<std::size_t>(weight_channel_axis(graph, gemm));
  const Tensor& bias = *graph.constant_behind(gemm.inputs[2]);
  if (!is_channel_vector(bias, static_cast<std::size_t>(weight.shape().at(axis)))) {
    return "it has not one number per output";
  }
  return {};
}

}  // namespace

void place_weights(Placement& placement) {
  Graph& graph = placement.graph;
  for (const NodeId id : graph.nodes()) {
    const Node node = graph.node(id);
    if (!has_weight(graph, node)) continue;
    const PartialSpec decided = placement.rules.spec(placement.subject(node), Role::kWeight);
    if (decided.quantize == false) {
      placement.report.notes.push_back(
          fmt::format("kept the weight of '{}' float: a rule says so", node.layer));
      continue;
    }
    QuantSpec spec;
    spec.bits = decided.weight_bits.value_or(placement.request.weight_bits);
    spec.narrow_range = spec.bits > 1;
    spec.granularity = Granularity::kPerChannel;
    spec.channel_axis = weight_channel_axis(graph, node);
    // A vector has no channels: the product with it is one number.
    if (graph.constant_behind(node.inputs[1])->rank() < 2) {
      spec.granularity = Granularity::kPerTensor;
      spec.channel_axis = 0;
    }
    const std::string stem = node.layer + ".weight_";
    const QuantizerId quantizer = placement.add_quantizer(stem, spec, QuantizerKind::kCalibrated);
    graph.quantizer(quantizer).scale = graph.add_scale({{}, stem + "scale", {}});
    placement.insert(node.inputs[1], quantizer, {{id, 1}});
  }
}

void place_biases(Placement& placement) {
  Graph& graph = placement.graph;
  for (const NodeId id : graph.nodes()) {
    const Node node = graph.node(id);
    if (node.op != "Gemm" || !has_weight(graph, node)) continue;
    if (node.inputs.size() < 3 || !graph.is_constant(node.inputs[2])) continue;
    const std::string reason = reason_against_bias(placement, node);
    if (!reason.empty()) {
      placement.report.notes.push_back(
          fmt::format("kept the bias of '{}' float: {}", node.layer, reason));
      continue;
    }
    const NodeId input = grids_of(graph, node.inputs[0]).front();
    const NodeId weight = graph.quant_of(node.inputs[1])->id;
    QuantSpec spec;
    spec.bits = kBiasBits;
    spec.granularity = Granularity::kPerChannel;
    spec.channel_axis = static_cast<int>(graph.constant_behind(node.inputs[2])->rank()) - 1;
    const QuantizerId quantizer =
        placement.add_quantizer(node.layer + ".bias_", spec, QuantizerKind::kDerived);
    graph.quantizer(quantizer).factors = {graph.node(input).quantizer,
                                          graph.node(weight).quantizer};
    placement.insert(node.inputs[2], quantizer, {{id, 2}});
  }
}

}  // namespace quern::internal
