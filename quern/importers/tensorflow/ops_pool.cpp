// Pooling over windows and over whole axes.
#include <algorithm>

#include "quern/importers/tensorflow/ops.h"
#include "quern/ops/transpose.h"

namespace quern::tensorflow {
namespace {

using Integers = std::vector<std::int64_t>;

void pool(NodeTranslation& node, std::string_view op) {
  Attributes attributes = {{"kernel_shape", node.spatial("ksize")},
                           {"strides", node.spatial("strides")}};
  const std::string padding = node.text("padding", "");
  if (padding == "SAME") {
    attributes["auto_pad"] = std::string("SAME_UPPER");
  } else {
    node.check_supported(padding == "VALID", "its padding is '{}' (supported: SAME, VALID)",
                         padding);
  }
  node.define(
      node.emit_image_op(op, {node.to_channels_first(node.operand(0))}, std::move(attributes)));
}

void translate_max_pool(NodeTranslation& node) { pool(node, "MaxPool"); }

/// Padding is not counted, in TensorFlow as in ONNX's default.
void translate_average_pool(NodeTranslation& node) { pool(node, "AveragePool"); }

/// The axes that are reduced, counted from the front.
Integers reduced_axes(const NodeTranslation& node) {
  Integers axes = node.integers(1, "the list of axes");
  const auto rank = static_cast<std::int64_t>(node.dims(node.operand(0)).size());
  for (std::int64_t& axis : axes) {
    node.check(axis >= -rank && axis < rank, "it reduces axis {} of {}", axis, rank);
    if (axis < 0) axis += rank;
  }
  std::ranges::sort(axes);
  return axes;
}

void translate_mean(NodeTranslation& node) {
  const Integers axes = reduced_axes(node);
  // To ONNX no axes are all axes.
  if (axes.empty()) return node.define(node.operand(0));
  node.define(
      node.emit("ReduceMean", {node.operand(0)},
                {{"axes", axes}, {"keepdims", std::int64_t{node.flag("keep_dims", false)}}}));
}

/// The largest element of each channel.
void translate_max(NodeTranslation& node) {
  const Integers axes = reduced_axes(node);
  const Operand input = node.operand(0);
  const bool is_last = axes == Integers{1, 2};
  node.check_supported(node.dims(input).size() == 4 && (is_last || axes == Integers{2, 3}),
                       "it takes the maximum over other axes than height and width");
  const Operand image = is_last ? node.to_channels_first(input) : input;
  const Operand pooled = node.emit_part("pooled", "GlobalMaxPool", {image});
  if (!node.flag("keep_dims", false)) {
    node.define(node.emit("Squeeze", {pooled, node.list("axes", {2, 3})}));
  } else if (is_last) {
    node.define(node.emit("Transpose", {pooled}, {{"perm", kToChannelsLast}}));
  } else {
    node.define(pooled);
  }
}

constexpr Rule kRules[] = {
    {"AvgPool", translate_average_pool},
    {"Max", translate_max},
    {"MaxPool", translate_max_pool},
    {"Mean", translate_mean},
};

}  // namespace

std::span<const Rule> pool_rules() { return kRules; }

}  // namespace quern::tensorflow
