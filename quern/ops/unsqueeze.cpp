#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto axes = known_integers(graph, node.inputs[1]);
  view.check_supported(axes.has_value(), "the axes '{}' of Unsqueeze are not constant",
                       view.input(1).name);
  const auto& input = view.dims(0);
  if (!input) return {{view.dtype(0), std::nullopt}};
  const std::size_t rank = input->size() + axes->size();
  std::vector<bool> is_added(rank, false);
  for (const std::int64_t position : *axes) {
    const std::size_t axis = view.axis(position, rank);
    view.check(!is_added[axis], "Unsqueeze names axis {} twice", axis);
    is_added[axis] = true;
  }
  Dims result;
  auto next = input->begin();
  for (std::size_t i = 0; i < rank; ++i) result.push_back(is_added[i] ? Dim{1, ""} : *next++);
  return {{view.dtype(0), std::move(result)}};
}

}  // namespace

extern const OpDef kUnsqueeze{
    .op = "Unsqueeze",
    .summary = "axes of extent 1 added",
    .role = QuantRole::kPreserving,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
};

}  // namespace quern
