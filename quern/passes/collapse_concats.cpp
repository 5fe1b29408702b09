// collapse_concats: concats of concats become one.
//
//   before:  Concat(a, Concat(b, c), d)
//   after:   Concat(a, b, c, d)
//
// Applies when the inner one has the same axis and no other reader.
#include <optional>
#include <vector>

#include "quern/passes/passes.h"

namespace quern {
namespace {

std::int64_t axis_of(const Graph& graph, const Node& concat) {
  const auto axis = graph.attribute_or<std::int64_t>(concat.id, "axis", 0);
  const auto& dims = graph.value(concat.outputs[0]).dims;
  return axis < 0 && dims ? axis + static_cast<std::int64_t>(dims->size()) : axis;
}

/// The position of an input that can be replaced by its own inputs.
std::optional<std::size_t> find_inner(const Graph& graph, const Node& outer) {
  for (std::size_t i = 0; i < outer.inputs.size(); ++i) {
    const Node* inner = graph.producer(outer.inputs[i]);
    if (inner != nullptr && inner->op == "Concat" && graph.use_count(outer.inputs[i]) == 1 &&
        axis_of(graph, *inner) == axis_of(graph, outer)) {
      return i;
    }
  }
  return std::nullopt;
}

void merge(Graph& graph, NodeId outer, std::size_t position) {
  const Node inner = *graph.producer(graph.node(outer).inputs[position]);
  std::vector<ValueId> inputs = graph.node(outer).inputs;
  const auto at = inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(position));
  inputs.insert(at, inner.inputs.begin(), inner.inputs.end());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (i < graph.node(outer).inputs.size()) {
      graph.set_input(outer, i, inputs[i]);
    } else {
      graph.append_input(outer, inputs[i]);
    }
  }
  graph.erase_node(inner.id);
}

}  // namespace

PassReport collapse_concats(Graph& graph) {
  PassReport report;
  for (const NodeId id : graph.nodes_of("Concat")) {
    while (const std::optional<std::size_t> inner = find_inner(graph, graph.node(id))) {
      merge(graph, id, *inner);
      ++report.rewrites;
    }
  }
  return report;
}

}  // namespace quern
