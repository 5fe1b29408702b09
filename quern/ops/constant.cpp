#include "quern/ops/constant_value.h"
#include "quern/ops/node_view.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const Tensor tensor = constant_attribute(NodeView(graph, node));
  return {{tensor.dtype(), fixed_dims(tensor.shape())}};
}

}  // namespace

extern const OpDef kConstant{
    .op = "Constant",
    .summary = "a tensor held by an attribute",
    .min_inputs = 0,
    .max_inputs = 0,
    .attributes = {{"value", AttributeKind::kTensor, std::nullopt},
                   {"value_float", AttributeKind::kFloat, std::nullopt},
                   {"value_floats", AttributeKind::kFloats, std::nullopt},
                   {"value_int", AttributeKind::kInt, std::nullopt},
                   {"value_ints", AttributeKind::kInts, std::nullopt}},
    .infer = infer,
};

}  // namespace quern
