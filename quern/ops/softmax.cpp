#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  if (view.dims(0)) view.axis(view.attribute<std::int64_t>("axis"), view.dims(0)->size());
  return infer_same(graph, node);
}

}  // namespace

extern const OpDef kLogSoftmax{
    .op = "LogSoftmax",
    .summary = "log(exp(x) / Σ exp(x)) along one axis",
    .attributes = {{"axis", AttributeKind::kInt, std::int64_t{-1}}},
    .infer = infer,
};

extern const OpDef kSoftmax{
    .op = "Softmax",
    .summary = "exp(x) / Σ exp(x) along one axis",
    .attributes = {{"axis", AttributeKind::kInt, std::int64_t{-1}}},
    .infer = infer,
};

}  // namespace quern
