// fold_constants: a node whose first output needs no run gives way to that constant.
#include <optional>
#include <utility>

#include "quern/base/error.h"
#include "quern/ops/constant_value.h"
#include "quern/passes/passes.h"

namespace quern {
namespace {

/// Constants may grow by this many bytes, whatever the graph holds: many nodes can each turn one
/// large constant into another.
constexpr std::size_t kMostGrowth = std::size_t{64} << 20;

}  // namespace

PassReport fold_constants(Graph& graph) {
  PassReport report;
  std::size_t stored = 0;
  for (const ValueId id : graph.values()) {
    if (graph.is_constant(id)) stored += graph.value(id).constant->bytes().size();
  }
  const std::size_t most = kMostGrowth + 4 * stored;
  std::size_t folded_bytes = 0;
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
    folded_bytes += folded->bytes().size();
    if (folded_bytes > most) {
      fail(ErrorCode::kUnsupported,
           "layer '{}': constants of {} bytes become more than {} bytes when they are computed",
           node.layer, stored, most);
    }
    const ValueId constant =
        graph.add_constant(graph.value(node.outputs[0]).name, std::move(*folded));
    graph.replace_uses(node.outputs[0], constant);
    graph.erase_node(id);
    ++report.rewrites;
  }
  return report;
}

}  // namespace quern
