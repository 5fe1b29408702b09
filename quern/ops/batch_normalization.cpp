#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

namespace quern {
namespace {

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  view.check_supported(view.attribute<std::int64_t>("training_mode") == 0,
                       "BatchNormalization is in training mode (supported: inference; export the "
                       "model in evaluation mode)");
  const auto& input = view.dims(0);
  if (!input) return {{view.dtype(0), std::nullopt}};
  view.check(input->size() >= 2, "the input of BatchNormalization is {}, expected [N, C, …]",
             to_string(input));
  for (std::size_t i = 1; i <= 4; ++i) {
    check_same_type(graph, node, 0, i);
    check_per_channel(graph, node, i, (*input)[1]);
  }
  return {{view.dtype(0), input}};
}

}  // namespace

extern const OpDef kBatchNormalization{
    .op = "BatchNormalization",
    .summary = "per-channel scale and shift from running statistics",
    .role = QuantRole::kAffine,
    .min_inputs = 5,
    .max_inputs = 5,
    .attributes = {{"epsilon", AttributeKind::kFloat, 1e-5f},
                   {"momentum", AttributeKind::kFloat, 0.9f},
                   {"training_mode", AttributeKind::kInt, std::int64_t{0}}},
    .infer = infer,
};

}  // namespace quern
