#include "quern/ops/node_view.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto& input = view.dims(0);
  if (!input) return {{view.dtype(0), std::nullopt}};
  const auto* axes = view.find_attribute<std::vector<std::int64_t>>("axes");
  const bool over_all = axes == nullptr || axes->empty();
  std::vector<bool> is_reduced(input->size(), over_all);
  if (!over_all) {
    for (const std::int64_t axis : *axes) is_reduced[view.axis(axis, input->size())] = true;
  }
  const bool keeps_axes = view.attribute<std::int64_t>("keepdims") != 0;
  Dims result;
  for (std::size_t i = 0; i < input->size(); ++i) {
    if (!is_reduced[i]) {
      result.push_back((*input)[i]);
    } else if (keeps_axes) {
      result.push_back({1, ""});
    }
  }
  return {{view.dtype(0), std::move(result)}};
}

}  // namespace

extern const OpDef kReduceMax{
    .op = "ReduceMax",
    .summary = "largest over some axes",
    .attributes = {{"axes", AttributeKind::kInts, std::nullopt},
                   {"keepdims", AttributeKind::kInt, std::int64_t{1}}},
    .infer = infer,
};

extern const OpDef kReduceMean{
    .op = "ReduceMean",
    .summary = "mean over some axes",
    .attributes = {{"axes", AttributeKind::kInts, std::nullopt},
                   {"keepdims", AttributeKind::kInt, std::int64_t{1}}},
    .infer = infer,
};

extern const OpDef kReduceMin{
    .op = "ReduceMin",
    .summary = "smallest over some axes",
    .attributes = {{"axes", AttributeKind::kInts, std::nullopt},
                   {"keepdims", AttributeKind::kInt, std::int64_t{1}}},
    .infer = infer,
};

extern const OpDef kReduceProd{
    .op = "ReduceProd",
    .summary = "product over some axes",
    .attributes = {{"axes", AttributeKind::kInts, std::nullopt},
                   {"keepdims", AttributeKind::kInt, std::int64_t{1}}},
    .infer = infer,
};

}  // namespace quern
