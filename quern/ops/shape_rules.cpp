#include "quern/ops/shape_rules.h"

#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"

namespace quern {

std::vector<ValueType> infer_same(const Graph& graph, const Node& node) {
  const Value& input = NodeView(graph, node).input(0);
  return {{input.dtype, input.dims}};
}

std::vector<ValueType> infer_broadcast(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  std::optional<Dims> result = view.dims(0);
  for (std::size_t i = 1; result && i < node.inputs.size(); ++i) {
    const auto& next = view.dims(i);
    if (!next) return {{view.dtype(0), std::nullopt}};
    std::optional<Dims> both = broadcast(*result, *next);
    view.check(both.has_value(), "the inputs of {} do not broadcast: {} and {}", node.op,
               to_string(result), to_string(next));
    result = std::move(both);
  }
  return {{view.dtype(0), std::move(result)}};
}

void check_same_type(const Graph& graph, const Node& node, std::size_t first, std::size_t second) {
  const NodeView view(graph, node);
  if (!view.has_input(first) || !view.has_input(second)) return;
  view.check(view.dtype(first) == view.dtype(second),
             "{} reads '{}' of type {} together with '{}' of type {}", node.op,
             view.input(first).name, name(view.dtype(first)), view.input(second).name,
             name(view.dtype(second)));
}

void check_per_channel(const Graph& graph, const Node& node, std::size_t index,
                       const Dim& channels) {
  const NodeView view(graph, node);
  if (!view.has_input(index)) return;
  const auto& dims = view.dims(index);
  if (!dims) return;
  view.check(dims->size() == 1 && unify((*dims)[0], channels),
             "{} reads '{}' of shape {}, expected {}", node.op, view.input(index).name,
             to_string(dims), to_string(Dims{channels}));
}

}  // namespace quern
