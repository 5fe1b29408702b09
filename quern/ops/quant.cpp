#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView quant(graph, node);
  quant.check(quant.dtype(0) == DType::kFloat32, "Quant reads '{}' of type {}, expected float32",
              quant.input(0).name, name(quant.dtype(0)));
  return infer_same(graph, node);
}

}  // namespace

extern const OpDef kQuant{
    .op = "Quant",
    .summary = "onto the grid of a quantizer",
    .role = QuantRole::kQuant,
    .infer = infer,
};

}  // namespace quern
