#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto& input = view.dims(0);
  if (!input) return {{view.dtype(0), std::nullopt}};
  const auto rank = static_cast<std::int64_t>(input->size());
  const std::int64_t position = view.attribute<std::int64_t>("axis");
  // Unlike elsewhere, the rank itself is a position: everything goes into the rows.
  const std::size_t axis = position == rank ? input->size() : view.axis(position, input->size());
  const std::span<const Dim> dims = *input;
  return {{view.dtype(0), Dims{product(dims.first(axis)), product(dims.subspan(axis))}}};
}

}  // namespace

extern const OpDef kFlatten{
    .op = "Flatten",
    .summary = "all axes in front of one, and all from it on, as a matrix",
    .role = QuantRole::kPreserving,
    .attributes = {{"axis", AttributeKind::kInt, std::int64_t{1}}},
    .infer = infer,
};

}  // namespace quern
