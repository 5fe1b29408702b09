// remove_identities: the readers of a node that changes nothing read its input.
//
// A node stays where it is all that lies between an input, or a constant, and an output of the
// graph: an output has to be computed.
#include <algorithm>

#include "quern/ops/symbolic_integers.h"
#include "quern/passes/passes.h"

namespace quern {
namespace {

bool trains(const Graph& graph, const Node& dropout) {
  if (dropout.inputs.size() < 3 || !dropout.inputs[2]) return false;
  const auto& training_mode = graph.value(dropout.inputs[2]).constant;
  return !training_mode || to_vector<int>(*training_mode) != std::vector<int>{0};
}

bool pads_nothing(const Graph& graph, const Node& pad) {
  const auto pads = known_integers(graph, pad.inputs.at(1));
  return pads && std::ranges::all_of(*pads, [](std::int64_t count) { return count == 0; });
}

bool is_identity(const Graph& graph, const Node& node) {
  if (node.op == "Identity") return true;
  if (node.op == "Dropout") return !trains(graph, node);
  if (node.op == "Concat") return node.inputs.size() == 1;
  if (node.op == "Pad") return pads_nothing(graph, node);
  if (node.op == "Cast") {
    return graph.value(node.inputs[0]).dtype == graph.value(node.outputs[0]).dtype;
  }
  return false;
}

}  // namespace

PassReport remove_identities(Graph& graph) {
  PassReport report;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (!is_identity(graph, node)) continue;
    if (graph.is_output(node.outputs[0]) && graph.producer(node.inputs[0]) == nullptr) {
      report.notes.push_back(
          fmt::format("kept '{}': it alone computes an output of the network", node.layer));
      continue;
    }
    graph.bypass(id);
    ++report.rewrites;
  }
  return report;
}

}  // namespace quern
