// Softmax and its kin: what turns the answer into probabilities or a class.
#include "quern/analysis/dataflow.h"
#include "quern/lower/internal/catalog.h"
#include "quern/lower/refusal.h"

namespace quern::internal {

bool leave_out_readout(Lowering& lowering, const Node& node) {
  if (!is_readout(lowering.graph, node)) return false;
  lowering.set(node.outputs[0], lowering.at(node.inputs[0]));
  lowering.left_out.insert(node.outputs[0]);
  lowering.note(node.layer,
                fmt::format("is left out: the network answers with what {} reads", node.op));
  return true;
}

void lower_readout(Lowering& lowering, const Node& node) {
  if (leave_out_readout(lowering, node)) return;
  refuse(node, "probabilities that the network goes on from",
         "one that only the network's outputs read is left out");
}

}  // namespace quern::internal
