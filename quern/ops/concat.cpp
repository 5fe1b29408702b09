#include <algorithm>

#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"

namespace quern {
namespace {

/// a + b, free where one of them is. Stops above what any value may hold, far from overflow.
Dim sum(const Dim& a, const Dim& b) {
  if (a.size == 0) return b;
  if (b.size == 0) return a;
  if (!a.is_fixed() || !b.is_fixed()) return {};
  return {std::min(a.size + b.size, kMaxElements + 1), ""};
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    view.check(view.dtype(i) == view.dtype(0), "Concat reads '{}' of type {} together with {}",
               view.input(i).name, name(view.dtype(i)), name(view.dtype(0)));
    if (!view.dims(i)) return {{view.dtype(0), std::nullopt}};
  }
  Dims result = *view.dims(0);
  const std::size_t axis = view.axis(view.attribute<std::int64_t>("axis"), result.size());
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    const Dims& dims = *view.dims(i);
    bool fits = dims.size() == result.size();
    for (std::size_t k = 0; fits && k < dims.size(); ++k) {
      if (k == axis) {
        result[k] = sum(result[k], dims[k]);
      } else {
        const std::optional<Dim> same = unify(result[k], dims[k]);
        fits = same.has_value();
        if (fits) result[k] = *same;
      }
    }
    view.check(fits, "Concat joins {} and {} along axis {}: another extent differs",
               to_string(view.dims(0)), to_string(dims), axis);
  }
  return {{view.dtype(0), std::move(result)}};
}

}  // namespace

extern const OpDef kConcat{
    .op = "Concat",
    .summary = "inputs one after the other along one axis",
    .role = QuantRole::kJoin,
    .max_inputs = kVariadic,
    .attributes = {{"axis", AttributeKind::kInt, std::nullopt, true}},
    .infer = infer,
};

}  // namespace quern
