#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

// Arithmetic of values that broadcast to each other.

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  check_same_type(graph, node, 0, 1);
  return infer_broadcast(graph, node);
}

std::vector<ValueType> infer_variadic(const Graph& graph, const Node& node) {
  for (std::size_t i = 1; i < node.inputs.size(); ++i) check_same_type(graph, node, 0, i);
  return infer_broadcast(graph, node);
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

extern const OpDef kMax{
    .op = "Max",
    .summary = "the larger of a, b, …",
    .max_inputs = kVariadic,
    .infer = infer_variadic,
};

extern const OpDef kMin{
    .op = "Min",
    .summary = "the smaller of a, b, …",
    .max_inputs = kVariadic,
    .infer = infer_variadic,
};

extern const OpDef kMod{
    .op = "Mod",
    .summary = "the rest of a / b",
    .min_inputs = 2,
    .max_inputs = 2,
    .attributes = {{"fmod", AttributeKind::kInt, std::int64_t{0}}},
    .infer = infer_variadic,
};

extern const OpDef kPow{
    .op = "Pow",
    .summary = "a to the power of b",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_broadcast,
};

}  // namespace quern
