#include "quern/ops/transpose.h"

#include <numeric>

#include "quern/ops/node_view.h"

namespace quern {

std::vector<std::size_t> axis_order(const NodeView& node, std::size_t rank) {
  std::vector<std::size_t> order(rank);
  const auto* perm = node.find_attribute<std::vector<std::int64_t>>("perm");
  if (perm == nullptr) {
    std::iota(order.rbegin(), order.rend(), std::size_t{0});
    return order;
  }
  node.check(perm->size() == rank, "perm of Transpose has {} elements, expected {}", perm->size(),
             rank);
  std::vector<bool> seen(rank, false);
  for (std::size_t i = 0; i < rank; ++i) {
    order[i] = node.axis((*perm)[i], rank);
    node.check(!seen[order[i]], "perm of Transpose names axis {} twice", order[i]);
    seen[order[i]] = true;
  }
  return order;
}

namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto& input = view.dims(0);
  if (!input) return {{view.dtype(0), std::nullopt}};
  Dims result;
  for (const std::size_t axis : axis_order(view, input->size())) result.push_back((*input)[axis]);
  return {{view.dtype(0), std::move(result)}};
}

}  // namespace

extern const OpDef kTranspose{
    .op = "Transpose",
    .summary = "axes in another order",
    .role = QuantRole::kPreserving,
    .attributes = {{"perm", AttributeKind::kInts, std::nullopt}},
    .infer = infer,
};

}  // namespace quern
