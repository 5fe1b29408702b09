// fold_constants: a node whose first output needs no run gives way to that constant.
#include <optional>
#include <utility>

#include "quern/ops/constant_value.h"
#include "quern/passes/passes.h"

namespace quern {

PassReport fold_constants(Graph& graph) {
  PassReport report;
  for (const NodeId id : graph.nodes()) {
    const Node node = graph.node(id);
    const bool has_other_readers = [&] {
      for (std::size_t i = 1; i < node.outputs.size(); ++i) {
        if (node.outputs[i] && graph.use_count(node.outputs[i]) > 0) return true;
      }
      return false;
    }();
    if (node.outputs.empty() || has_other_readers) continue;
    std::optional<Tensor> folded = evaluate_constant(graph, node);
    if (!folded) continue;
    const ValueId constant =
        graph.add_constant(graph.value(node.outputs[0]).name, std::move(*folded));
    graph.replace_uses(node.outputs[0], constant);
    graph.erase_node(id);
    ++report.rewrites;
  }
  return report;
}

}  // namespace quern
