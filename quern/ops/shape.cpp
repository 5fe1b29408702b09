#include "quern/ops/index_range.h"
#include "quern/ops/node_view.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto& input = view.dims(0);
  if (!input) return {{DType::kInt64, Dims{Dim{}}}};
  const auto [first, last] = shape_range(view, input->size());
  return {{DType::kInt64, Dims{{static_cast<std::int64_t>(last - first), ""}}}};
}

}  // namespace

extern const OpDef kShape{
    .op = "Shape",
    .summary = "the extents of the input",
    .attributes = {{"end", AttributeKind::kInt, std::nullopt},
                   {"start", AttributeKind::kInt, std::int64_t{0}}},
    .infer = infer,
};

extern const OpDef kSize{
    .op = "Size",
    .summary = "the number of elements of the input",
    .infer =
        [](const Graph&, const Node&) {
          return std::vector<ValueType>{{DType::kInt64, Dims{}}};
        },
};

}  // namespace quern
