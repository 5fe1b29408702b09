#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

// Add, Sub, Mul and Div of two values that broadcast to each other.

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  check_same_type(graph, node, 0, 1);
  const auto& a = view.dims(0);
  const auto& b = view.dims(1);
  if (!a || !b) return {{view.dtype(0), std::nullopt}};
  std::optional<Dims> result = broadcast(*a, *b);
  view.check(result.has_value(), "the inputs of {} do not broadcast: {} and {}", node.op,
             to_string(a), to_string(b));
  return {{view.dtype(0), std::move(result)}};
}

bool has_constant(const Graph& graph, const Node& node) {
  return graph.constant_behind(node.inputs[0]) != nullptr ||
         graph.constant_behind(node.inputs[1]) != nullptr;
}

/// Integers of one scale can be added as they are.
QuantRole role_of_sum(const Graph& graph, const Node& node) {
  return has_constant(graph, node) ? QuantRole::kAffine : QuantRole::kJoin;
}

QuantRole role_of_product(const Graph& graph, const Node& node) {
  return has_constant(graph, node) ? QuantRole::kAffine : QuantRole::kFloat;
}

}  // namespace

extern const OpDef kAdd{
    .op = "Add",
    .summary = "a + b",
    .role = QuantRole::kJoin,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .role_of = role_of_sum,
};

extern const OpDef kSub{
    .op = "Sub",
    .summary = "a − b",
    .role = QuantRole::kJoin,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .role_of = role_of_sum,
};

extern const OpDef kMul{
    .op = "Mul",
    .summary = "a · b",
    .role = QuantRole::kFloat,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .role_of = role_of_product,
};

extern const OpDef kDiv{
    .op = "Div",
    .summary = "a / b",
    .role = QuantRole::kFloat,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
    .role_of = role_of_product,
};

}  // namespace quern
