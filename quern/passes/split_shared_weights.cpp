// split_shared_weights: one Quant per reader of a quantized constant.
//
//   before:  w → Quant → {conv1, conv2}
//   after:   w → Quant → conv1,  w → Quant → conv2
//
// Both Quant nodes name the same quantizer: the weight is one, so its grid is.
#include <vector>

#include "quern/passes/passes.h"

namespace quern {

PassReport split_shared_weights(Graph& graph) {
  PassReport report;
  for (const NodeId id : graph.nodes_of("Quant")) {
    const Node quant = graph.node(id);
    if (!graph.is_constant(quant.inputs[0])) continue;
    const std::vector<Graph::Use> uses = graph.uses(quant.outputs[0]);
    for (std::size_t i = 1; i < uses.size(); ++i) {
      const std::string layer = graph.node(uses[i].node).layer;
      graph.insert_quant(quant.inputs[0], quant.quantizer, layer + ".weight_quant", {uses[i]});
      ++report.rewrites;
    }
  }
  return report;
}

}  // namespace quern
