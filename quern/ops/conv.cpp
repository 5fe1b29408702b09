#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"
#include "quern/ops/window_geometry.h"

namespace quern {
namespace {

/// Weight [O, I/group, kh, kw] against input [N, I, H, W].
void check_channels(const NodeView& conv, std::int64_t groups) {
  const Dims& input = *conv.dims(0);
  const Dims& weight = *conv.dims(1);
  if (weight[0].is_fixed()) {
    conv.check(weight[0].size > 0 && weight[0].size % groups == 0,
               "the weight of Conv is {}: its {} output channels do not divide into {} groups",
               to_string(weight), weight[0].size, groups);
  }
  if (weight[1].is_fixed() && input[1].is_fixed()) {
    conv.check(saturating_multiply(weight[1].size, groups) == input[1].size,
               "the weight of Conv is {} in {} groups, expected {} input channels, got {}",
               to_string(weight), groups, saturating_multiply(weight[1].size, groups),
               to_string(input));
  }
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView conv(graph, node);
  check_same_type(graph, node, 0, 1);
  check_same_type(graph, node, 0, 2);
  if (!conv.dims(0) || !conv.dims(1)) return {{conv.dtype(0), std::nullopt}};
  const WindowGeometry window = window_geometry(graph, node);
  check_channels(conv, window.groups);
  const Dim& channels = (*conv.dims(1))[0];
  check_per_channel(graph, node, 2, channels);
  return {{conv.dtype(0),
           Dims{(*conv.dims(0))[0], channels, {window.output[0], ""}, {window.output[1], ""}}}};
}

/// O · OH · OW · (I/group) · kh · kw
std::int64_t macs(const Graph& graph, const Node& node) {
  const std::optional<Dims>& output = graph.value(node.outputs[0]).dims;
  const std::optional<Dims>& weight = NodeView(graph, node).dims(1);
  if (!output || !weight) return 0;
  return saturating_multiply(least_element_count(std::span(*output).subspan(1)),
                             least_element_count(std::span(*weight).subspan(1)));
}

}  // namespace

extern const OpDef kConv{
    .op = "Conv",
    .summary = "2-D convolution, grouped or depthwise",
    .role = QuantRole::kCompute,
    .min_inputs = 2,
    .max_inputs = 3,
    .attributes = {{"auto_pad", AttributeKind::kString, std::string("NOTSET")},
                   {"dilations", AttributeKind::kInts, std::nullopt},
                   {"group", AttributeKind::kInt, std::int64_t{1}},
                   {"kernel_shape", AttributeKind::kInts, std::nullopt},
                   {"pads", AttributeKind::kInts, std::nullopt},
                   {"strides", AttributeKind::kInts, std::nullopt}},
    .infer = infer,
    .macs = macs,
};

}  // namespace quern
