#include "quern/ops/constant_value.h"
#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

Dim padded(const NodeView& pad, const Dim& dim, std::int64_t begin, std::int64_t end) {
  for (const std::int64_t count : {begin, end}) {
    pad.check(count >= -kMaxElements && count <= kMaxElements, "Pad adds {} elements to one axis",
              count);
  }
  if (begin == 0 && end == 0) return dim;
  if (!dim.is_fixed()) return {};
  const std::int64_t extent = dim.size + begin + end;
  pad.check(extent >= 0, "Pad takes {} elements from an extent of {}", -(begin + end), dim.size);
  return {extent, ""};
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView pad(graph, node);
  const auto& mode = pad.attribute<std::string>("mode");
  pad.check_supported(mode == "constant" || mode == "reflect" || mode == "edge",
                      "the mode of Pad is '{}' (supported: constant, reflect, edge)", mode);
  check_same_type(graph, node, 0, 2);
  const auto& input = pad.dims(0);
  if (!input) return {{pad.dtype(0), std::nullopt}};
  const auto pads = known_integers(graph, node.inputs[1]);
  pad.check_supported(pads.has_value(), "the pads '{}' of Pad are not constant", pad.input(1).name);
  pad.check(pads->size() == 2 * input->size(),
            "Pad has {} pads for an input of shape {}, expected {}", pads->size(), to_string(input),
            2 * input->size());
  Dims result;
  for (std::size_t i = 0; i < input->size(); ++i) {
    result.push_back(padded(pad, (*input)[i], (*pads)[i], (*pads)[i + input->size()]));
  }
  return {{pad.dtype(0), std::move(result)}};
}

/// Zero lies on every grid; another border value need not.
QuantRole role_of(const Graph& graph, const Node& node) {
  const NodeView pad(graph, node);
  if (pad.attribute<std::string>("mode") != "constant" || !pad.has_input(2)) {
    return QuantRole::kPreserving;
  }
  const auto border = known_value(graph, node.inputs[2]);
  const bool is_zero = border && border->size() == 1 && to_vector<double>(*border)[0] == 0;
  return is_zero ? QuantRole::kPreserving : QuantRole::kFloat;
}

}  // namespace

extern const OpDef kPad{
    .op = "Pad",
    .summary = "a border of one value, of the edge, or of the reflection",
    .role = QuantRole::kPreserving,
    .min_inputs = 2,
    .max_inputs = 3,
    .attributes = {{"mode", AttributeKind::kString, std::string("constant")}},
    .infer = infer,
    .role_of = role_of,
};

}  // namespace quern
