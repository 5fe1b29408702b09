#include "quern/analysis/cost.h"

#include <algorithm>
#include <map>
#include <set>

#include "quern/analysis/activation_memory.h"
#include "quern/analysis/dataflow.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

constexpr std::int64_t kFloatBytes = 4;

/// What the constant at a position is to its node.
enum class ConstantUse { kNone, kParameter, kStatistic };

ConstantUse constant_use(const Graph& graph, const Node& node, std::size_t position) {
  if (node.op == "BatchNormalization") {
    return position <= 2 ? ConstantUse::kParameter : ConstantUse::kStatistic;
  }
  const QuantRole role = quant_role(graph, node);
  const bool trains = role == QuantRole::kCompute || role == QuantRole::kAffine ||
                      role == QuantRole::kJoin || node.op == "PRelu";
  return trains ? ConstantUse::kParameter : ConstantUse::kNone;
}

/// The constant itself, a Quant looked through.
ValueId constant_value(const Graph& graph, ValueId value) {
  const Node* quant = graph.quant_of(value);
  return quant == nullptr ? value : quant->inputs.at(0);
}

/// Of every value a node computes first, the quantizer of the first Quant that it meets on its way
/// forward.
std::map<ValueId, QuantizerId> next_quantizers(const Graph& graph) {
  std::map<ValueId, QuantizerId> next;
  const auto of_reader = [&](const Node& reader) -> QuantizerId {
    const QuantRole role = quant_role(graph, reader);
    if (role == QuantRole::kQuant) return reader.quantizer;
    const bool passes = role == QuantRole::kAffine || role == QuantRole::kActivation ||
                        role == QuantRole::kPreserving;
    return passes ? next.at(reader.outputs.at(0)) : QuantizerId{};
  };
  // From the back, so that what lies behind a reader is known.
  std::vector<NodeId> nodes = graph.nodes();
  std::ranges::reverse(nodes);
  for (const NodeId id : nodes) {
    const ValueId output = graph.node(id).outputs.at(0);
    QuantizerId& found = next[output];
    for (const Graph::Use& use : graph.uses(output)) {
      if (found) break;
      found = of_reader(graph.node(use.node));
    }
  }
  return next;
}

std::vector<float> scale_of(const Graph& graph, const Quantizer& quantizer) {
  return quantizer.scale ? graph.scale(quantizer.scale).values : std::vector<float>();
}

class Counter {
 public:
  explicit Counter(const Graph& graph) : graph_(graph), next_quantizers_(next_quantizers(graph)) {}

  LayerCost count(const Node& node) {
    LayerCost cost;
    cost.layer = node.layer;
    cost.op = node.op;
    cost.macs = macs_per_sample(graph_, node);
    const std::vector<std::size_t> activations = activation_inputs(graph_, node);
    if (!activations.empty()) cost.input = graph_.value(node.inputs[activations.front()]).dims;
    if (!node.outputs.empty()) cost.output = graph_.value(node.outputs[0]).dims;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) count_constant(node, i, cost);
    describe_grids(node, cost);
    return cost;
  }

 private:
  void count_constant(const Node& node, std::size_t position, LayerCost& cost) {
    const ValueId input = node.inputs[position];
    if (node.op == "Quant" || !input || graph_.constant_behind(input) == nullptr) return;
    const ConstantUse use = constant_use(graph_, node, position);
    const ValueId constant = constant_value(graph_, input);
    if (use == ConstantUse::kNone || !counted_.insert(constant).second) return;
    const std::int64_t elements = graph_.constant_behind(input)->size();
    const Node* quant = graph_.quant_of(input);
    if (use == ConstantUse::kParameter) cost.parameters += elements;
    cost.float_bytes += elements * kFloatBytes;
    cost.bytes += quant == nullptr
                      ? elements * kFloatBytes
                      : (elements * graph_.quantizer(quant->quantizer).spec.bits + 7) / 8;
  }

  void describe_grids(const Node& node, LayerCost& cost) const {
    if (has_weight(graph_, node)) {
      if (const Node* quant = graph_.quant_of(node.inputs[1])) {
        const Quantizer& quantizer = graph_.quantizer(quant->quantizer);
        cost.weight_bits = quantizer.spec.bits;
        cost.weight_scale = scale_of(graph_, quantizer);
      }
    }
    const QuantizerId id =
        node.op == "Quant" ? node.quantizer : next_quantizers_.at(node.outputs.at(0));
    if (!id) return;
    cost.activation_bits = graph_.quantizer(id).spec.bits;
    cost.activation_scale = scale_of(graph_, graph_.quantizer(id));
  }

  const Graph& graph_;
  std::map<ValueId, QuantizerId> next_quantizers_;
  std::set<ValueId> counted_;
};

}  // namespace

NetworkCost cost(const Graph& graph) {
  NetworkCost total;
  Counter counter(graph);
  for (const NodeId id : graph.nodes()) {
    const LayerCost layer = counter.count(graph.node(id));
    total.macs += layer.macs;
    total.parameters += layer.parameters;
    total.float_bytes += layer.float_bytes;
    total.bytes += layer.bytes;
    total.layers.push_back(layer);
  }
  const ActivationMemory memory = activation_memory(graph);
  total.peak_float_bytes = memory.float_bytes;
  total.peak_bytes = memory.bytes;
  return total;
}

}  // namespace quern
