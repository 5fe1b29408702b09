#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

// Comparisons, logic and choice, of which chains that compute shapes make use.

namespace quern {
namespace {

std::vector<ValueType> infer_truth(const Graph& graph, const Node& node) {
  if (node.inputs.size() > 1) check_same_type(graph, node, 0, 1);
  std::vector<ValueType> types = infer_broadcast(graph, node);
  types[0].dtype = DType::kBool;
  return types;
}

std::vector<ValueType> infer_where(const Graph& graph, const Node& node) {
  const NodeView where(graph, node);
  where.check(where.dtype(0) == DType::kBool,
              "Where reads a condition '{}' of type {}, expected bool", where.input(0).name,
              name(where.dtype(0)));
  check_same_type(graph, node, 1, 2);
  std::vector<ValueType> types = infer_broadcast(graph, node);
  types[0].dtype = where.dtype(1);
  return types;
}

}  // namespace

extern const OpDef kAnd{
    .op = "And",
    .summary = "a and b",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_truth,
};

extern const OpDef kEqual{
    .op = "Equal",
    .summary = "a = b",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_truth,
};

extern const OpDef kGreater{
    .op = "Greater",
    .summary = "a > b",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_truth,
};

extern const OpDef kGreaterOrEqual{
    .op = "GreaterOrEqual",
    .summary = "a ≥ b",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_truth,
};

extern const OpDef kLess{
    .op = "Less",
    .summary = "a < b",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_truth,
};

extern const OpDef kLessOrEqual{
    .op = "LessOrEqual",
    .summary = "a ≤ b",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_truth,
};

extern const OpDef kNot{
    .op = "Not",
    .summary = "not a",
    .infer = infer_truth,
};

extern const OpDef kOr{
    .op = "Or",
    .summary = "a or b",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_truth,
};

extern const OpDef kWhere{
    .op = "Where",
    .summary = "b where a, else c",
    .min_inputs = 3,
    .max_inputs = 3,
    .infer = infer_where,
};

}  // namespace quern
