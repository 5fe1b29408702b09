#include "quern/analysis/quantizable.h"

#include <algorithm>

#include "quern/analysis/dataflow.h"
#include "quern/analysis/rectifier.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

std::string reason_of_activation(const Graph& graph, const Node& node) {
  if (rectifier(graph, node)) return {};
  if (is_readout(graph, node)) return "it stays float behind the last Quant";
  if (node.op == "Clip")
    return "its bounds are not 0 and a constant above; a signed Quant follows it";
  return "it is computed in float; a signed Quant follows it";
}

/// Why a node does not become integer arithmetic; empty if it does.
std::string reason(const Graph& graph, const Node& node) {
  switch (quant_role(graph, node)) {
    case QuantRole::kCompute:
      return has_weight(graph, node) ? ""
                                     : "both operands are computed: it has no weight to quantize";
    case QuantRole::kActivation:
      return reason_of_activation(graph, node);
    case QuantRole::kFloat:
      if (is_readout(graph, node)) return "it stays float behind the last Quant";
      if (node.op == "AveragePool" || node.op == "GlobalAveragePool") {
        return "it averages in float; a Quant follows it";
      }
      return "its arithmetic is float between two Quants";
    case QuantRole::kAffine: {
      const auto is_computed = [&](std::size_t position) { return position > 0; };
      const bool reads_statistics =
          node.op == "BatchNormalization" &&
          std::ranges::any_of(activation_inputs(graph, node), is_computed);
      return reads_statistics ? "its statistics are computed" : "";
    }
    case QuantRole::kJoin:
    case QuantRole::kPreserving:
    case QuantRole::kQuant:
      return "";
  }
  return "";
}

}  // namespace

std::vector<FloatLayer> float_layers(const Graph& graph) {
  std::vector<FloatLayer> found;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    std::string why = reason(graph, node);
    if (!why.empty()) found.push_back({node.layer, node.op, std::move(why)});
  }
  return found;
}

}  // namespace quern
