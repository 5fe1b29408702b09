// Shapes, and tensors in another shape, order or type.
#include <algorithm>

#include "quern/importers/onnx/tensors.h"
#include "quern/importers/tensorflow/ops.h"
#include "quern/importers/tensorflow/tensors.h"

namespace quern::tensorflow {
namespace {

using Integers = std::vector<std::int64_t>;

void translate_reshape(NodeTranslation& node) {
  if (const Tensor* const target = node.known(1)) {
    const Integers extents = to_vector<std::int64_t>(*target);
    // To ONNX a 0 means "as in the input".
    node.check(std::ranges::find(extents, 0) == extents.end(), "the new shape has an extent of 0");
  }
  node.define(node.emit("Reshape", {node.operand(0), node.operand(1)}));
}

void translate_squeeze(NodeTranslation& node) {
  const Integers axes = node.integers("squeeze_dims");
  if (axes.empty()) return node.define(node.emit("Squeeze", {node.operand(0)}));
  node.define(node.emit("Squeeze", {node.operand(0), node.list("axes", axes)}));
}

void translate_expand_dims(NodeTranslation& node) {
  const Integers axis = node.integers(1, "the axis");
  node.check(axis.size() == 1, "it adds {} axes, expected 1", axis.size());
  node.define(node.emit("Unsqueeze", {node.operand(0), node.list("axes", axis)}));
}

void translate_transpose(NodeTranslation& node) {
  node.define(
      node.emit("Transpose", {node.operand(0)}, {{"perm", node.integers(1, "the order of axes")}}));
}

std::int64_t single(const NodeTranslation& node, std::size_t input, std::string_view what) {
  const Integers values = node.integers(input, what);
  node.check(values.size() == 1, "{} is a list of {}, expected one number", what, values.size());
  return values[0];
}

void concat(NodeTranslation& node, std::size_t first, std::size_t last, std::int64_t axis) {
  node.check(first < last, "it joins nothing");
  std::vector<Operand> parts;
  for (std::size_t i = first; i < last; ++i) parts.push_back(node.operand(i));
  if (parts.size() == 1) return node.define(parts[0]);
  node.define(node.emit("Concat", parts, {{"axis", axis}}));
}

void translate_concat_v2(NodeTranslation& node) {
  node.check(node.input_count() >= 2, "it has {} inputs, expected tensors and an axis",
             node.input_count());
  const std::size_t last = node.input_count() - 1;
  concat(node, 0, last, single(node, last, "the axis"));
}

void translate_concat(NodeTranslation& node) {
  concat(node, 1, node.input_count(), single(node, 0, "the axis"));
}

/// Along a new axis.
void translate_pack(NodeTranslation& node) {
  const std::int64_t axis = node.integer("axis", 0);
  node.check(node.input_count() > 0, "it joins nothing");
  std::vector<Operand> parts;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    parts.push_back(node.emit_part(fmt::format("part_{}", i), "Unsqueeze",
                                   {node.operand(i), node.list("axes", {axis})}));
  }
  node.define(node.emit("Concat", parts, {{"axis", axis}}));
}

void translate_shape(NodeTranslation& node) { node.define(node.emit("Shape", {node.operand(0)})); }

/// The product of extents.
void translate_product(NodeTranslation& node) {
  std::int64_t product = 1;
  for (const std::int64_t factor : node.integers(0, "a factor")) {
    node.check(!__builtin_mul_overflow(product, factor, &product), "the product is too large");
  }
  const Shape shape(node.flag("keep_dims", false) ? 1 : 0, 1);
  node.define(Operand(node.name(), Tensor::of<std::int64_t>(shape, Integers{product})));
}

void translate_gather(NodeTranslation& node) {
  const std::int64_t axis = node.input_count() > 2 ? single(node, 2, "the axis") : 0;
  node.define(node.emit("Gather", {node.operand(0), node.operand(1)}, {{"axis", axis}}));
}

void translate_cast(NodeTranslation& node) {
  const AttrValue* const type = node.attribute("DstT");
  node.check(type != nullptr, "it states no element type");
  const DType to = with_context(fmt::format("layer '{}'", node.name()),
                                [&] { return dtype_from(type->type()); });
  const Operand input = node.operand(0);
  const DType from = input.constant != nullptr ? input.constant->tensor.dtype()
                                               : node.graph().value(input.value).dtype;
  if (from == to) return node.define(input);
  node.define(node.emit("Cast", {input}, {{"to", std::int64_t{onnx_data_type(to)}}}));
}

/// [[top, bottom], [left, right], …] → [top, left, …, bottom, right, …]
Integers pads(const NodeTranslation& node) {
  const Integers pairs = node.integers(1, "the padding");
  const std::size_t rank = node.dims(node.operand(0)).size();
  node.check(pairs.size() == 2 * rank, "it has {} paddings for {} axes, expected {}", pairs.size(),
             rank, 2 * rank);
  Integers pads(pairs.size());
  for (std::size_t i = 0; i < rank; ++i) {
    node.check(pairs[2 * i] >= 0 && pairs[2 * i + 1] >= 0, "it pads by {} and {}", pairs[2 * i],
               pairs[2 * i + 1]);
    pads[i] = pairs[2 * i];
    pads[i + rank] = pairs[2 * i + 1];
  }
  return pads;
}

void translate_pad(NodeTranslation& node) {
  std::vector<Operand> inputs = {node.operand(0), node.list("pads", pads(node))};
  if (node.input_count() > 2) {
    inputs.emplace_back(node.name() + "/value", node.constant(2, "the border's value"));
  }
  node.define(node.emit("Pad", inputs, {{"mode", std::string("constant")}}));
}

void translate_mirror_pad(NodeTranslation& node) {
  const std::string mode = node.text("mode", "");
  node.check_supported(mode == "REFLECT", "its mode is '{}' (supported: REFLECT)", mode);
  node.define(node.emit("Pad", {node.operand(0), node.list("pads", pads(node))},
                        {{"mode", std::string("reflect")}}));
}

constexpr Rule kRules[] = {
    {"Cast", translate_cast},
    {"Concat", translate_concat},
    {"ConcatV2", translate_concat_v2},
    {"ExpandDims", translate_expand_dims},
    {"Gather", translate_gather},
    {"GatherV2", translate_gather},
    {"MirrorPad", translate_mirror_pad},
    {"Pack", translate_pack},
    {"Pad", translate_pad},
    {"PadV2", translate_pad},
    {"Prod", translate_product},
    {"Reshape", translate_reshape},
    {"Shape", translate_shape},
    {"Squeeze", translate_squeeze},
    {"Transpose", translate_transpose},
};

}  // namespace

std::span<const Rule> shape_rules() { return kRules; }

}  // namespace quern::tensorflow
