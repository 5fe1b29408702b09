#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"

namespace quern {
namespace {

void check_indices(const NodeView& gather, const Dim& extent) {
  const auto& indices = gather.input(1).constant;
  if (!indices || !extent.is_fixed()) return;
  for (const std::int64_t index : to_vector<std::int64_t>(*indices)) {
    gather.check(index >= -extent.size && index < extent.size,
                 "Gather reads element {} of {} elements", index, extent.size);
  }
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView gather(graph, node);
  const DType index_type = gather.dtype(1);
  gather.check(index_type == DType::kInt64 || index_type == DType::kInt32,
               "Gather reads indices '{}' of type {}, expected int32 or int64",
               gather.input(1).name, name(index_type));
  const auto& data = gather.dims(0);
  const auto& indices = gather.dims(1);
  if (!data || !indices) return {{gather.dtype(0), std::nullopt}};
  const std::size_t axis = gather.axis(gather.attribute<std::int64_t>("axis"), data->size());
  check_indices(gather, (*data)[axis]);
  Dims result(data->begin(), data->begin() + static_cast<std::ptrdiff_t>(axis));
  result.insert(result.end(), indices->begin(), indices->end());
  result.insert(result.end(), data->begin() + static_cast<std::ptrdiff_t>(axis) + 1, data->end());
  return {{gather.dtype(0), std::move(result)}};
}

}  // namespace

extern const OpDef kGather{
    .op = "Gather",
    .summary = "the elements of one axis that indices name",
    .role = QuantRole::kPreserving,
    .min_inputs = 2,
    .max_inputs = 2,
    .attributes = {{"axis", AttributeKind::kInt, std::int64_t{0}}},
    .infer = infer,
};

}  // namespace quern
