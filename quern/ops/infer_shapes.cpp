#include "quern/ops/infer_node.h"
#include "quern/ops/op_def.h"

namespace quern {

void infer_shapes(Graph& graph) {
  for (const ValueId id : graph.values()) {
    const Value& value = graph.value(id);
    if (value.constant) {
      graph.set_type(id, value.constant->dtype(), fixed_dims(value.constant->shape()));
    }
    if (graph.producer(id) == nullptr) check_size(graph.value(id));
  }
  for (const NodeId id : graph.nodes()) infer_node(graph, id);
}

}  // namespace quern
