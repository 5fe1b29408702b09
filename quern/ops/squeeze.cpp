#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

/// Which axes go: those listed, or, without a list, all of extent 1.
std::vector<bool> removed_axes(const NodeView& view, const Dims& input) {
  std::vector<bool> removed(input.size(), false);
  if (view.has_input(1)) {
    const auto axes = known_integers(view.graph(), view.node().inputs[1]);
    view.check_supported(axes.has_value(), "the axes '{}' of Squeeze are not constant",
                         view.input(1).name);
    for (const std::int64_t axis : *axes) removed[view.axis(axis, input.size())] = true;
    return removed;
  }
  for (std::size_t i = 0; i < input.size(); ++i) {
    view.check_supported(input[i].is_fixed(),
                         "Squeeze names no axes, and its input {} has a free extent",
                         to_string(input));
    removed[i] = input[i].size == 1;
  }
  return removed;
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  const auto& input = view.dims(0);
  if (!input) return {{view.dtype(0), std::nullopt}};
  const std::vector<bool> removed = removed_axes(view, *input);
  Dims result;
  for (std::size_t i = 0; i < input->size(); ++i) {
    const Dim& dim = (*input)[i];
    if (!removed[i]) {
      result.push_back(dim);
    } else {
      view.check(!dim.is_fixed() || dim.size == 1, "Squeeze removes axis {} of {}", i,
                 to_string(input));
    }
  }
  return {{view.dtype(0), std::move(result)}};
}

}  // namespace

extern const OpDef kSqueeze{
    .op = "Squeeze",
    .summary = "axes of extent 1 removed",
    .role = QuantRole::kPreserving,
    .max_inputs = 2,
    .infer = infer,
};

}  // namespace quern
