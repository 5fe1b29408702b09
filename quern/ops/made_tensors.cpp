#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

// Tensors made from a shape or from bounds: ConstantOfShape, Expand, Range.

namespace quern {
namespace {

/// The extents that an input of integers names; unknown ones where a run computes them.
std::optional<Dims> named_dims(const NodeView& node, std::size_t index) {
  if (const auto known = symbolic_integers(node.graph(), node.node().inputs[index])) {
    node.check(known->shape.size() == 1, "{} reads a shape '{}' of rank {}, expected 1", node.op(),
               node.input(index).name, known->shape.size());
    Dims result;
    for (const SymbolicInteger& extent : known->elements) {
      node.check(!extent.number || (*extent.number >= 0 && *extent.number <= kMaxElements),
                 "{} makes an extent of {}", node.op(), extent.number.value_or(0));
      result.push_back({extent.number.value_or(-1), extent.symbol});
    }
    return result;
  }
  const auto& dims = node.dims(index);
  constexpr std::int64_t kMaxRank = 64;
  const bool has_rank = dims && dims->size() == 1 && (*dims)[0].is_fixed();
  if (!has_rank || (*dims)[0].size > kMaxRank) return std::nullopt;
  return Dims(static_cast<std::size_t>((*dims)[0].size));
}

std::vector<ValueType> infer_constant_of_shape(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto* value = view.find_attribute<Tensor>("value");
  view.check(value == nullptr || value->size() == 1,
             "ConstantOfShape repeats {} elements, expected 1",
             value == nullptr ? 0 : value->size());
  return {{value == nullptr ? DType::kFloat32 : value->dtype(), named_dims(view, 0)}};
}

std::vector<ValueType> infer_expand(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto& input = view.dims(0);
  const std::optional<Dims> target = named_dims(view, 1);
  if (!input || !target) return {{view.dtype(0), std::nullopt}};
  std::optional<Dims> result = broadcast(*input, *target);
  view.check(result.has_value(), "Expand turns {} into {}", to_string(input), to_string(target));
  return {{view.dtype(0), std::move(result)}};
}

std::vector<ValueType> infer_range(const Graph& graph, const Node& node) {
  return {{NodeView(graph, node).dtype(0), Dims{Dim{}}}};
}

}  // namespace

extern const OpDef kConstantOfShape{
    .op = "ConstantOfShape",
    .summary = "one number in every place of a shape",
    .attributes = {{"value", AttributeKind::kTensor, std::nullopt}},
    .infer = infer_constant_of_shape,
};

extern const OpDef kExpand{
    .op = "Expand",
    .summary = "broadcast to a shape",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_expand,
};

extern const OpDef kRange{
    .op = "Range",
    .summary = "numbers in equal steps",
    .min_inputs = 3,
    .max_inputs = 3,
    .infer = infer_range,
};

}  // namespace quern
