// check_batchnorm: refuses statistics by which no number can be divided in earnest. A channel that
// never varied is a sign of a broken or pruned file; 1 / √(σ² + ε) would amplify noise instead.
#include "quern/base/error.h"
#include "quern/passes/passes.h"

namespace quern {
namespace {

constexpr std::size_t kVariance = 4;
constexpr float kLeastVariance = 1e-10F;

}  // namespace

PassReport check_batchnorm(Graph& graph) {
  for (const NodeId id : graph.nodes_of("BatchNormalization")) {
    const Node& node = graph.node(id);
    if (node.inputs.size() <= kVariance || !graph.is_constant(node.inputs[kVariance])) continue;
    const Tensor& variance = *graph.value(node.inputs[kVariance]).constant;
    if (variance.dtype() != DType::kFloat32) continue;
    const auto values = variance.data<float>();
    for (std::size_t channel = 0; channel < values.size(); ++channel) {
      if (values[channel] >= kLeastVariance) continue;
      fail(ErrorCode::kParse,
           "layer '{}': the variance of channel {} is {}, expected at least 1e-10", node.layer,
           channel, values[channel]);
    }
  }
  return {};
}

}  // namespace quern
