#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  view.check_supported(!view.has_output(1) || graph.use_count(node.outputs[1]) == 0,
                       "the mask of Dropout is read (supported: its first output)");
  std::vector<ValueType> types = infer_same(graph, node);
  types.push_back({DType::kBool, types[0].dims});
  return types;
}

}  // namespace

extern const OpDef kDropout{
    .op = "Dropout",
    .summary = "x outside training",
    .role = QuantRole::kPreserving,
    .max_inputs = 3,
    .max_outputs = 2,
    .attributes = {{"seed", AttributeKind::kInt, std::nullopt}},
    .infer = infer,
};

}  // namespace quern
