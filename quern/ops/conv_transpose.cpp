#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/shape_rules.h"
#include "quern/ops/window_geometry.h"

namespace quern {
namespace {

/// Weight [I, O/group, kh, kw] against input [N, I, H, W].
void check_channels(const NodeView& conv, std::int64_t groups) {
  const Dims& input = *conv.dims(0);
  const Dims& weight = *conv.dims(1);
  conv.check(unify(weight[0], input[1]).has_value(),
             "the weight of ConvTranspose is {}, expected [{}, …] for an input of shape {}",
             to_string(weight), input[1].size, to_string(input));
  if (weight[0].is_fixed()) {
    conv.check(weight[0].size > 0 && weight[0].size % groups == 0,
               "the weight of ConvTranspose is {}: its {} input channels do not divide into {} "
               "groups",
               to_string(weight), weight[0].size, groups);
  }
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView conv(graph, node);
  check_same_type(graph, node, 0, 1);
  check_same_type(graph, node, 0, 2);
  if (!conv.dims(0) || !conv.dims(1)) return {{conv.dtype(0), std::nullopt}};
  const WindowGeometry window = transposed_window_geometry(graph, node);
  check_channels(conv, window.groups);
  Dim channels = (*conv.dims(1))[1];
  if (channels.is_fixed()) channels.size = saturating_multiply(channels.size, window.groups);
  check_per_channel(graph, node, 2, channels);
  return {{conv.dtype(0),
           Dims{(*conv.dims(0))[0], channels, {window.output[0], ""}, {window.output[1], ""}}}};
}

/// I · IH · IW · (O/group) · kh · kw
std::int64_t macs(const Graph& graph, const Node& node) {
  const NodeView conv(graph, node);
  if (!conv.dims(0) || !conv.dims(1)) return 0;
  return saturating_multiply(least_element_count(std::span(*conv.dims(0)).subspan(1)),
                             least_element_count(std::span(*conv.dims(1)).subspan(1)));
}

}  // namespace

extern const OpDef kConvTranspose{
    .op = "ConvTranspose",
    .summary = "2-D transposed convolution",
    .role = QuantRole::kCompute,
    .min_inputs = 2,
    .max_inputs = 3,
    .attributes = {{"auto_pad", AttributeKind::kString, std::string("NOTSET")},
                   {"dilations", AttributeKind::kInts, std::nullopt},
                   {"group", AttributeKind::kInt, std::int64_t{1}},
                   {"kernel_shape", AttributeKind::kInts, std::nullopt},
                   {"output_padding", AttributeKind::kInts, std::nullopt},
                   {"output_shape", AttributeKind::kInts, std::nullopt},
                   {"pads", AttributeKind::kInts, std::nullopt},
                   {"strides", AttributeKind::kInts, std::nullopt}},
    .infer = infer,
    .macs = macs,
};

}  // namespace quern
