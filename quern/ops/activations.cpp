#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"

// The functions of one element. Their outputs are where activation quantizers belong.

namespace quern {
namespace {

std::vector<ValueType> infer_clip(const Graph& graph, const Node& node) {
  const NodeView clip(graph, node);
  for (std::size_t i = 1; i <= 2; ++i) {
    if (!clip.has_input(i)) continue;
    check_same_type(graph, node, 0, i);
    const auto& bound = clip.dims(i);
    clip.check(!bound || product(*bound).size == 1,
               "Clip reads '{}' of shape {}, expected a scalar", clip.input(i).name,
               to_string(bound));
  }
  return infer_same(graph, node);
}

/// The slope broadcasts to the input, never the other way.
std::vector<ValueType> infer_p_relu(const Graph& graph, const Node& node) {
  const NodeView view(graph, node);
  check_same_type(graph, node, 0, 1);
  const auto& input = view.dims(0);
  const auto& slope = view.dims(1);
  if (input && slope) {
    const std::optional<Dims> both = broadcast(*input, *slope);
    bool fits = both && both->size() == input->size();
    for (std::size_t i = 0; fits && i < input->size(); ++i) {
      fits = unify((*both)[i], (*input)[i]).has_value();
    }
    view.check(fits, "PRelu has a slope of shape {} for an input of shape {}", to_string(slope),
               to_string(input));
  }
  return infer_same(graph, node);
}

}  // namespace

extern const OpDef kClip{
    .op = "Clip",
    .summary = "clamp(x, min, max)",
    .role = QuantRole::kActivation,
    .max_inputs = 3,
    .infer = infer_clip,
};

extern const OpDef kElu{
    .op = "Elu",
    .summary = "x where x ≥ 0, else alpha · (exp(x) − 1)",
    .role = QuantRole::kActivation,
    .attributes = {{"alpha", AttributeKind::kFloat, 1.0f}},
    .infer = infer_same,
};

extern const OpDef kGelu{
    .op = "Gelu",
    .summary = "x · Φ(x)",
    .role = QuantRole::kActivation,
    .attributes = {{"approximate", AttributeKind::kString, std::string("none")}},
    .infer = infer_same,
};

extern const OpDef kHardSigmoid{
    .op = "HardSigmoid",
    .summary = "clamp(alpha · x + beta, 0, 1)",
    .role = QuantRole::kActivation,
    .attributes = {{"alpha", AttributeKind::kFloat, 0.2f}, {"beta", AttributeKind::kFloat, 0.5f}},
    .infer = infer_same,
};

extern const OpDef kHardSwish{
    .op = "HardSwish",
    .summary = "x · clamp(x / 6 + 1/2, 0, 1)",
    .role = QuantRole::kActivation,
    .infer = infer_same,
};

extern const OpDef kLeakyRelu{
    .op = "LeakyRelu",
    .summary = "x where x ≥ 0, else alpha · x",
    .role = QuantRole::kActivation,
    .attributes = {{"alpha", AttributeKind::kFloat, 0.01f}},
    .infer = infer_same,
};

extern const OpDef kMish{
    .op = "Mish",
    .summary = "x · tanh(softplus(x))",
    .role = QuantRole::kActivation,
    .infer = infer_same,
};

extern const OpDef kPRelu{
    .op = "PRelu",
    .summary = "x where x ≥ 0, else slope · x",
    .role = QuantRole::kActivation,
    .min_inputs = 2,
    .max_inputs = 2,
    .infer = infer_p_relu,
};

extern const OpDef kRelu{
    .op = "Relu",
    .summary = "max(x, 0)",
    .role = QuantRole::kActivation,
    .infer = infer_same,
};

extern const OpDef kSigmoid{
    .op = "Sigmoid",
    .summary = "1 / (1 + exp(−x))",
    .role = QuantRole::kActivation,
    .infer = infer_same,
};

extern const OpDef kSoftplus{
    .op = "Softplus",
    .summary = "log(1 + exp(x))",
    .role = QuantRole::kActivation,
    .infer = infer_same,
};

extern const OpDef kTanh{
    .op = "Tanh",
    .summary = "hyperbolic tangent",
    .role = QuantRole::kActivation,
    .infer = infer_same,
};

}  // namespace quern
