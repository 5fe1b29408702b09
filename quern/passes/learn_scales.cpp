// learn_scales: Quant(calibrated) → Quant(lsq), scale by scale.
//
// A Scale is learned as one tensor, so its quantizers change together or not at all.
#include "quern/passes/learn_scales.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "quern/analysis/dataflow.h"
#include "quern/base/error.h"
#include "quern/quantizers/pointwise_kernels.h"

namespace quern {
namespace {

/// What the Quant nodes of one Scale stand on.
struct Group {
  std::set<QuantizerId> weights;
  std::set<QuantizerId> activations;
  bool only_inputs = true;  ///< Every Quant reads a graph input.
};

bool is_graph_input(const Graph& graph, ValueId value) {
  return std::ranges::find(graph.inputs(), value) != graph.inputs().end();
}

bool is_weight(const Graph& graph, const Node& quant) {
  return std::ranges::any_of(graph.uses(quant.outputs[0]), [&](const Graph::Use& use) {
    return use.input == 1 && has_weight(graph, graph.node(use.node));
  });
}

std::map<ScaleId, Group> groups_of(const Graph& graph) {
  std::map<ScaleId, Group> groups;
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Node& quant = graph.node(id);
    const Quantizer& entry = graph.quantizer(quant.quantizer);
    if (entry.kind == QuantizerKind::kDerived) continue;
    const bool is_constant = graph.is_constant(quant.inputs[0]);
    if (is_constant && !is_weight(graph, quant)) continue;
    Group& group = groups[entry.scale];
    (is_constant ? group.weights : group.activations).insert(entry.id);
    group.only_inputs = group.only_inputs && is_graph_input(graph, quant.inputs[0]);
  }
  return groups;
}

/// Why the scale of a grid can not be learned; empty if it can.
std::string reason_against(const Quantizer& entry, bool is_activation) {
  const QuantSpec& spec = entry.spec;
  if (std::ranges::any_of(entry.zero_point, [](std::int32_t zero) { return zero != 0; })) {
    return "it has zero points";
  }
  if (spec.power_of_two) return "it is restricted to powers of two";
  if (!kernel_rounds(spec) && !spec.is_bipolar()) {
    return "its codes go beyond ±2²² or are not rounded half to even";
  }
  if (is_activation && spec.granularity == Granularity::kPerChannel) {
    return "it belongs to an activation and is per channel";
  }
  return {};
}

/// The first reason of a group, with the quantizer's name.
std::string reason_against(const Graph& graph, const Group& group) {
  for (const bool is_activation : {false, true}) {
    for (const QuantizerId id : is_activation ? group.activations : group.weights) {
      const std::string reason = reason_against(graph.quantizer(id), is_activation);
      if (!reason.empty()) {
        return fmt::format("kept the scale of '{}' fixed: {}", graph.quantizer(id).name, reason);
      }
    }
  }
  return {};
}

void set_kind(Graph& graph, QuantizerId id, QuantizerKind kind, PassReport& report) {
  if (graph.quantizer(id).kind == kind) return;
  graph.quantizer(id).kind = kind;
  ++report.rewrites;
}

}  // namespace

PassReport learn_scales(Graph& graph, const TrainableKinds& kinds) {
  for (const QuantizerKind kind : {kinds.weights, kinds.activations}) {
    require(is_trainable(kind), "training does not change scales of kind '{}' (min_max, lsq, pact)",
            name(kind));
  }
  PassReport report;
  for (const auto& [scale, group] : groups_of(graph)) {
    if (group.only_inputs) continue;
    if (std::string reason = reason_against(graph, group); !reason.empty()) {
      report.notes.push_back(std::move(reason));
      continue;
    }
    for (const QuantizerId id : group.weights) set_kind(graph, id, kinds.weights, report);
    for (const QuantizerId id : group.activations) set_kind(graph, id, kinds.activations, report);
  }
  return report;
}

}  // namespace quern
