// Convolutions, matrix products, their biases and batch norms.
#include <algorithm>

#include "quern/importers/moved_blocks.h"
#include "quern/importers/tensorflow/ops.h"
#include "quern/importers/transposed_window.h"
#include "quern/tensor/transpose.h"

namespace quern::tensorflow {
namespace {

using Integers = std::vector<std::int64_t>;

/// The weight, which has to be a constant of four axes.
const Tensor& weight(NodeTranslation& node, std::size_t input) {
  const Operand found = node.operand(input);
  node.check_supported(found.constant != nullptr,
                       "its weights are computed (supported: constants)");
  node.check(found.constant->tensor.rank() == 4, "its weight '{}' has shape {}, expected 4 axes",
             found.constant->name, to_string(found.constant->tensor.shape()));
  return found.constant->tensor;
}

/// The weight in ONNX's layout, under its name in the file, on its grid where it has one. The
/// channels that a grid counts along the last axis of the file's layout lie along axis 0 of this
/// one, each `repeats` times over.
Operand place_weight(NodeTranslation& node, std::size_t input, Tensor placed,
                     std::int64_t repeats = 1) {
  const Constant& constant = *node.operand(input).constant;
  node.name_after(constant.name);
  Operand result(constant.name, std::move(placed));
  if (!constant.grid) return result;
  Grid grid = *constant.grid;
  if (grid.scale.size() > 1) {
    for (std::int64_t i = 1; i < repeats; ++i) {
      grid.scale.insert(grid.scale.end(), constant.grid->scale.begin(), constant.grid->scale.end());
      grid.zero_point.insert(grid.zero_point.end(), constant.grid->zero_point.begin(),
                             constant.grid->zero_point.end());
    }
  }
  return node.quantize(node.value(result), grid, 0);
}

/// What a Conv reads besides the weights.
struct Window {
  Operand input;
  Attributes attributes;
};

void set_padding(NodeTranslation& node, Attributes& attributes) {
  const std::string padding = node.text("padding", "");
  if (padding == "SAME") {
    attributes["auto_pad"] = std::string("SAME_UPPER");
  } else if (padding == "EXPLICIT") {
    const Integers pads = node.integers("explicit_paddings");
    node.check(pads.size() == 8, "explicit_paddings has {} elements, expected 8", pads.size());
    const std::size_t height = node.is_channels_last() ? 2 : 4;
    attributes["pads"] =
        Integers{pads[height], pads[height + 2], pads[height + 1], pads[height + 3]};
  } else {
    node.check(padding == "VALID", "its padding is '{}', expected SAME, VALID or EXPLICIT",
               padding);
  }
}

Window window(NodeTranslation& node) {
  Window window;
  window.input = node.operand(0);
  const Integers strides = node.spatial("strides");
  const Integers dilations = node.spatial("dilations");
  window.attributes["strides"] = strides;
  window.attributes["dilations"] = dilations;
  set_padding(node, window.attributes);
  return window;
}

/// The channels of an image in the node's layout.
std::int64_t channels(NodeTranslation& node, const Operand& image) {
  const Dims dims = node.dims(image);
  node.check(dims.size() == 4, "its input is {}, expected an image of 4 axes", to_string(dims));
  const Dim& found = dims[node.is_channels_last() ? 3 : 1];
  node.check_supported(found.is_fixed(), "the number of channels of its input is not known");
  return found.size;
}

/// Weight [KH, KW, I / groups, O] → [O, I / groups, KH, KW].
Operand conv2d(NodeTranslation& node, Window window) {
  const Tensor& filter = weight(node, 1);
  const std::int64_t inputs = channels(node, window.input);
  const std::int64_t per_group = filter.shape()[2];
  node.check(per_group > 0 && inputs % per_group == 0,
             "its weight is {} for an input of {} channels", to_string(filter.shape()), inputs);
  window.attributes["group"] = inputs / per_group;
  const Operand placed = place_weight(node, 1, transposed(filter, {3, 2, 0, 1}));
  return node.emit_image_op("Conv", {node.to_channels_first(window.input), placed},
                            std::move(window.attributes));
}

/// Weight [KH, KW, C, m] → [C · m, 1, KH, KW].
Operand depthwise(NodeTranslation& node, Window window) {
  const Tensor& filter = weight(node, 1);
  const Shape shape = filter.shape();
  const std::int64_t inputs = channels(node, window.input);
  node.check(shape[2] == inputs, "its weight is {} for an input of {} channels", to_string(shape),
             inputs);
  window.attributes["group"] = inputs;
  const Tensor placed =
      transposed(filter, {2, 3, 0, 1}).reshaped({shape[2] * shape[3], 1, shape[0], shape[1]});
  return node.emit_image_op(
      "Conv", {node.to_channels_first(window.input), place_weight(node, 1, placed, shape[2])},
      std::move(window.attributes));
}

void translate_conv2d(NodeTranslation& node) { node.define(conv2d(node, window(node))); }

void translate_depthwise(NodeTranslation& node) { node.define(depthwise(node, window(node))); }

/// The gradient of a convolution by its input: filter [KH, KW, O, I] → [I, O, KH, KW]. The output's
/// height and width are stated, since several are possible.
void translate_conv_transpose(NodeTranslation& node) {
  const Tensor& filter = weight(node, 1);
  const Operand image = node.operand(2);
  const Dims dims = node.dims(image);
  node.check(dims.size() == 4, "its input is {}, expected an image of 4 axes", to_string(dims));
  const std::size_t height = node.is_channels_last() ? 1 : 2;
  const Integers sizes = {node.integer_at(0, height, "the output's height"),
                          node.integer_at(0, height + 1, "the output's width")};
  const Integers strides = node.spatial("strides");
  const Integers dilations = node.spatial("dilations");
  const bool is_same = node.text("padding", "") == "SAME";
  node.check_supported(is_same || node.text("padding", "") == "VALID",
                       "its padding is '{}' (supported: SAME, VALID)", node.text("padding", ""));
  Integers pads(4, 0);
  Integers missing(2, 0);
  for (std::size_t i = 0; i < 2; ++i) {
    const Dim& small = dims[height + i];
    node.check_supported(small.is_fixed(), "its input is {} (supported: fixed height and width)",
                         to_string(dims));
    const TransposedPadding padding = node.named([&] {
      return transposed_padding({.input = small.size,
                                 .kernel = filter.shape()[i],
                                 .output = sizes[i],
                                 .stride = strides[i],
                                 .dilation = dilations[i]},
                                is_same);
    });
    node.check(is_same || padding.end == 0,
               "its input is {} and it states an extent of {}, which do not go together",
               to_string(dims), sizes[i]);
    pads[i] = padding.begin;
    pads[i + 2] = padding.end;
    missing[i] = padding.missing;
  }
  const Operand placed = place_weight(node, 1, transposed(filter, {3, 2, 0, 1}));
  node.define(node.emit_image_op("ConvTranspose", {node.to_channels_first(image), placed},
                                 {{"strides", strides},
                                  {"dilations", dilations},
                                  {"pads", pads},
                                  {"output_padding", missing}}));
}

/// Before TensorFlow's convolutions could dilate, space was rearranged around a plain one.
void translate_batch_to_space(NodeTranslation& node) {
  NodeTranslation conv = node.producer(0);
  const bool is_depthwise = conv.op() == "DepthwiseConv2dNative";
  node.check_supported((is_depthwise || conv.op() == "Conv2D") && node.reads_alone(0) &&
                           conv.producer(0).op() == "SpaceToBatchND" &&
                           conv.text("padding", "") == "VALID" &&
                           conv.spatial("strides") == Integers{1, 1} &&
                           conv.spatial("dilations") == Integers{1, 1} && conv.is_channels_last(),
                       "blocks are moved (supported: around a convolution without padding, stride "
                       "and dilation, as a dilated one is written)");
  NodeTranslation space = conv.producer(0);
  const MovedBlocks blocks = {.block = space.integers(1, "block_shape"),
                              .block_back = node.integers(1, "block_shape"),
                              .paddings = space.integers(2, "paddings"),
                              .crops = node.integers(2, "crops")};
  Window window = {space.operand(0), node.named([&] { return dilated_window(blocks); })};
  node.define(is_depthwise ? depthwise(conv, std::move(window)) : conv2d(conv, std::move(window)));
}

void refuse_space_to_batch(NodeTranslation& node) {
  node.fail(ErrorCode::kUnsupported,
            "blocks are moved (supported: around a convolution and back, as a dilated one is "
            "written)");
}

void translate_mat_mul(NodeTranslation& node) {
  node.check_supported(!node.flag("transpose_a", false), "its first factor is transposed");
  const Operand factor = node.operand(1);
  if (factor.constant != nullptr) node.name_after(factor.constant->name);
  node.define(node.emit("Gemm", {node.operand(0), factor},
                        {{"transB", std::int64_t{node.flag("transpose_b", false)}}}));
}

/// One number per channel, along the last axis or the second.
void translate_bias_add(NodeTranslation& node) {
  if (add_bias(node, 0, 1)) return;
  Operand bias = node.operand(1);
  if (!node.is_channels_last()) {
    bias = node.emit_part("bias", "Unsqueeze", {bias, node.list("bias_axes", {1, 2})});
  }
  node.define(node.emit("Add", {node.operand(0), bias}));
}

void translate_batch_norm(NodeTranslation& node) {
  node.check_supported(!node.flag("is_training", true),
                       "it is in training mode (supported: inference; build the network with "
                       "training off, then freeze it)");
  const Operand shift = node.operand(2);
  if (shift.constant != nullptr) node.name_after(shift.constant->name);
  node.define(node.emit_image_op("BatchNormalization",
                                 {node.to_channels_first(node.operand(0)), node.operand(1), shift,
                                  node.operand(3), node.operand(4)},
                                 {{"epsilon", node.real("epsilon", 1e-4F)}}));
}

constexpr Rule kRules[] = {
    {"BatchToSpaceND", translate_batch_to_space},
    {"BiasAdd", translate_bias_add},
    {"Conv2D", translate_conv2d},
    {"Conv2DBackpropInput", translate_conv_transpose},
    {"DepthwiseConv2dNative", translate_depthwise},
    {"FusedBatchNorm", translate_batch_norm},
    {"FusedBatchNormV2", translate_batch_norm},
    {"FusedBatchNormV3", translate_batch_norm},
    {"MatMul", translate_mat_mul},
    {"SpaceToBatchND", refuse_space_to_batch},
};

}  // namespace

bool add_bias(NodeTranslation& node, std::size_t product, std::size_t addend) {
  const Operand computed = node.operand(product);
  const Operand bias = node.operand(addend);
  if (computed.constant != nullptr || bias.constant == nullptr || bias.constant->grid) return false;
  Graph& graph = node.graph();
  const auto image = node.all().channels_first.find(computed.value);
  const bool is_channels_last = image != node.all().channels_first.end();
  const ValueId value = is_channels_last ? image->second : computed.value;
  const Node* const layer = graph.producer(value);
  if (layer == nullptr || layer->inputs.size() != 2 || !node.reads_alone(product)) return false;
  if (layer->op != "Conv" && layer->op != "ConvTranspose" && layer->op != "Gemm") return false;

  // BiasAdd counts by channel in either layout; other sums broadcast to the last axis.
  const Dim channels = (*graph.value(value).dims)[1];
  const Tensor& tensor = bias.constant->tensor;
  const bool lies_last = is_channels_last || layer->op == "Gemm" || node.op() == "BiasAdd";
  const bool fits = channels.is_fixed() && tensor.size() == channels.size && tensor.rank() > 0 &&
                    tensor.rank() <= graph.value(value).dims->size() &&
                    tensor.shape().back() == channels.size;
  if (!lies_last || !fits || tensor.dtype() != DType::kFloat32) return false;
  graph.append_input(layer->id,
                     node.value(Operand(bias.constant->name, tensor.reshaped({channels.size}))));
  node.define(computed);
  return true;
}

std::span<const Rule> conv_rules() { return kRules; }

}  // namespace quern::tensorflow
