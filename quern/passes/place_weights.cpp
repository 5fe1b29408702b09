// place_weights, place_biases: the Quant nodes on the constants of layers with weights.
#include <utility>

#include "quern/analysis/dataflow.h"
#include "quern/ops/op_def.h"
#include "quern/passes/internal/placement.h"

namespace quern {
namespace internal {
namespace {

constexpr int kBiasBits = 32;

/// A vector with one number per output channel, in the layout that a per-channel grid can follow.
bool is_channel_vector(const Tensor& bias, std::size_t channels) {
  return bias.rank() > 0 && static_cast<std::size_t>(bias.shape().back()) == channels &&
         static_cast<std::size_t>(bias.size()) == channels;
}

/// Why the bias of a Gemm can have no grid; empty if it can.
std::string reason_against_bias(const Graph& graph, const Node& gemm) {
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
    // A vector has no channels: the product with it is one number.
    const bool has_channels = graph.constant_behind(node.inputs[1])->rank() >= 2;
    if (has_channels && decided.weight_granularity.value_or(placement.request.weight_granularity) ==
                            Granularity::kPerChannel) {
      spec.granularity = Granularity::kPerChannel;
      spec.channel_axis = weight_channel_axis(graph, node);
    }
    const std::string stem = node.layer + ".weight_";
    const QuantizerId quantizer = placement.add_quantizer(stem, spec, QuantizerKind::kCalibrated);
    graph.quantizer(quantizer).scale = graph.add_scale({{}, stem + "scale", {}});
    graph.quantizer(quantizer).threshold = {decided.weight_method, decided.weight_percentile};
    placement.insert(node.inputs[1], quantizer, {{id, 1}});
  }
}

void place_biases(Placement& placement) {
  Graph& graph = placement.graph;
  for (const NodeId id : graph.nodes()) {
    const Node node = graph.node(id);
    if (node.op != "Gemm" || !has_weight(graph, node)) continue;
    if (node.inputs.size() < 3 || !graph.is_constant(node.inputs[2])) continue;
    const bool is_kept =
        placement.rules.spec(placement.subject(node), Role::kBias).quantize == false;
    const std::string reason = is_kept ? "a rule says so" : quantize_bias(graph, id);
    if (reason.empty()) {
      ++placement.report.rewrites;
    } else {
      placement.report.notes.push_back(
          fmt::format("kept the bias of '{}' float: {}", node.layer, reason));
    }
  }
}

}  // namespace internal

std::string quantize_bias(Graph& graph, NodeId gemm) {
  const Node node = graph.node(gemm);
  std::string reason = internal::reason_against_bias(graph, node);
  if (!reason.empty()) return reason;
  const NodeId input = grids_of(graph, node.inputs[0]).front();
  const NodeId weight = graph.quant_of(node.inputs[1])->id;
  Quantizer quantizer{.name = node.layer + ".bias_quant", .kind = QuantizerKind::kDerived};
  quantizer.spec.bits = internal::kBiasBits;
  quantizer.factors = {graph.node(input).quantizer, graph.node(weight).quantizer};
  if (graph.quantizer(quantizer.factors[1]).spec.granularity == Granularity::kPerChannel) {
    quantizer.spec.granularity = Granularity::kPerChannel;
    quantizer.spec.channel_axis =
        static_cast<int>(graph.constant_behind(node.inputs[2])->rank()) - 1;
  }
  const std::string layer = quantizer.name;
  graph.insert_quant(node.inputs[2], graph.add_quantizer(std::move(quantizer)), layer, {{gemm, 2}});
  return {};
}

}  // namespace quern
