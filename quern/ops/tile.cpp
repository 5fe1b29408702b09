#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView tile(graph, node);
  const auto& input = tile.dims(0);
  if (!input) return {{tile.dtype(0), std::nullopt}};
  const auto repeats = symbolic_integers(graph, node.inputs[1]);
  tile.check_supported(repeats.has_value(), "the repeats '{}' of Tile are computed from data",
                       tile.input(1).name);
  tile.check(repeats->elements.size() == input->size(),
             "Tile has {} repeats for an input of shape {}", repeats->elements.size(),
             to_string(input));
  Dims result;
  for (std::size_t i = 0; i < input->size(); ++i) {
    const SymbolicInteger& count = repeats->elements[i];
    tile.check(count.number.value_or(0) >= 0, "Tile repeats an axis {} times",
               count.number.value_or(0));
    const Dim factors[] = {(*input)[i], {count.number.value_or(-1), count.symbol}};
    result.push_back(product(factors));
  }
  return {{tile.dtype(0), std::move(result)}};
}

}  // namespace

extern const OpDef kTile{
    .op = "Tile",
    .summary = "copies side by side along each axis",
    .role = QuantRole::kPreserving,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer,
};

}  // namespace quern
