// Quant: where a layer ends.
#include "quern/lower/internal/catalog.h"

namespace quern::internal {

void lower_quant(Lowering& lowering, const Node& node) {
  if (lowering.left_out.contains(node.inputs[0])) {
    lowering.left_out.insert(node.outputs[0]);
    lowering.set(node.outputs[0], lowering.at(node.inputs[0]));
    return;
  }
  const Pending pending = lowering.pending(node.inputs[0]);
  const Target target{node.outputs[0], grid_of(lowering.graph, node)};
  lowering.set(node.outputs[0], pending.source->emit(lowering, pending.epilogue, target));
}

}  // namespace quern::internal
