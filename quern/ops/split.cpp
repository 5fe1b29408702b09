#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

/// The extents of the parts: those listed, or equal ones.
Dims parts(const NodeView& split, const Dim& whole) {
  const std::size_t count = split.node().outputs.size();
  if (!split.has_input(1)) {
    if (!whole.is_fixed()) return Dims(count);
    const auto divisor = static_cast<std::int64_t>(count);
    split.check(whole.size % divisor == 0, "Split cuts an extent of {} into {} equal parts",
                whole.size, count);
    return Dims(count, Dim{whole.size / divisor, ""});
  }
  const auto sizes = known_integers(split.graph(), split.node().inputs[1]);
  split.check_supported(sizes.has_value(), "the sizes '{}' of Split are not constant",
                        split.input(1).name);
  split.check(sizes->size() == count, "Split has {} sizes for {} outputs", sizes->size(), count);
  Dims result;
  std::int64_t sum = 0;
  for (const std::int64_t size : *sizes) {
    split.check(size >= 0 && size <= kMaxElements, "Split has a part of extent {}", size);
    sum += size;
    result.push_back({size, ""});
  }
  split.check(!whole.is_fixed() || sum == whole.size,
              "Split cuts an extent of {} into parts that add up to {}", whole.size, sum);
  return result;
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView split(graph, node);
  const auto& input = split.dims(0);
  std::vector<ValueType> types(node.outputs.size(), {split.dtype(0), input});
  if (!input) return types;
  const std::size_t axis = split.axis(split.attribute<std::int64_t>("axis"), input->size());
  const Dims extents = parts(split, (*input)[axis]);
  for (std::size_t i = 0; i < types.size(); ++i) (*types[i].dims)[axis] = extents[i];
  return types;
}

}  // namespace

extern const OpDef kSplit{
    .op = "Split",
    .summary = "parts of one axis, one output each",
    .role = QuantRole::kPreserving,
    .max_inputs = 2,
    .max_outputs = kVariadic,
    .attributes = {{"axis", AttributeKind::kInt, std::int64_t{0}}},
    .infer = infer,
};

}  // namespace quern
