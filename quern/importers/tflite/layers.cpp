// CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED.
#include <array>

#include "quern/importers/tflite/ops.h"
#include "quern/importers/transposed_window.h"

namespace quern::tflite_ops {
namespace {

using Integers = std::vector<std::int64_t>;
using tflite::Padding;

// Axes of the file's weights in the order of ONNX's.
const std::vector<std::size_t> kFromOhwi = {0, 3, 1, 2};  // To O, I, H, W.
const std::vector<std::size_t> kFromOhwiToIohw = {3, 0, 1, 2};
const std::vector<std::size_t> kFromDepthwise = {3, 0, 1, 2};  // 1, H, W, C to C, 1, H, W.
const std::vector<std::size_t> kAsItIs = {0, 1};

std::string auto_pad(Padding padding) {
  TfliteOp::check(padding == Padding::SAME || padding == Padding::VALID,
                  "its padding is {}, expected SAME (0) or VALID (1)", static_cast<int>(padding));
  return padding == Padding::SAME ? "SAME_UPPER" : "VALID";
}

template <class Options>
TfliteOp::Attributes window(const TfliteOp& op, const Options& options) {
  TfliteOp::Attributes result = {
      {"auto_pad", auto_pad(options.padding)},
      {"strides", Integers{options.stride_h, options.stride_w}},
      {"dilations", Integers{options.dilation_h_factor, options.dilation_w_factor}}};
  if (op.window().empty()) return result;
  const TfliteOp::Attributes plain = {{"auto_pad", std::string("VALID")},
                                      {"strides", Integers{1, 1}},
                                      {"dilations", Integers{1, 1}}};
  TfliteOp::check_supported(result == plain,
                            "blocks are moved around it (supported: around a convolution without "
                            "padding, stride and dilation, as a dilated one is written)");
  return op.window();
}

template <class Options>
void convolve(TfliteOp& op, const Options& options, const std::vector<std::size_t>& order,
              std::int64_t groups) {
  std::vector<ValueId> inputs = {op.image(0), op.weight(1, order)};
  op.append_bias(2, 0, inputs);
  TfliteOp::Attributes attributes = window(op, options);
  attributes["group"] = groups;
  op.finish({.op = "Conv",
             .inputs = inputs,
             .attributes = attributes,
             .activation = options.fused_activation_function,
             .is_image = true});
}

/// The extent of axis `axis` of input `i`, which the translation depends on.
std::int64_t extent(const TfliteOp& op, std::size_t i, std::size_t axis) {
  const Dims& dims = op.dims(i);
  TfliteOp::check(axis < dims.size(), "input {} has the shape {}, expected {} axes or more", i,
                  to_string(dims), axis + 1);
  TfliteOp::check_supported(dims[axis].size > 0,
                            "input {} has the shape {} (supported: a fixed "
                            "extent above 0 along axis {})",
                            i, to_string(dims), axis);
  return dims[axis].size;
}

/// [N, …, I] as [N · …, I].
ValueId as_rows(TfliteOp& op) {
  const std::int64_t features = extent(op, 1, 1);
  const Dims& dims = op.dims(0);
  if (dims.size() == 2 && dims[1].size == features) return op.value(0);
  return op.emit("Reshape", {op.value(0), op.constant(Integers{-1, features})});
}

}  // namespace

void conv_2d(TfliteOp& op) {
  const auto options = op.options<tflite::Conv2DOptions>();
  const std::int64_t channels = extent(op, 0, 3);
  const std::int64_t of_one_group = extent(op, 1, 3);
  TfliteOp::check(channels % of_one_group == 0,
                  "its input has {} channels and its weight {} of each group", channels,
                  of_one_group);
  convolve(op, options, kFromOhwi, channels / of_one_group);
}

void depthwise_conv_2d(TfliteOp& op) {
  const auto options = op.options<tflite::DepthwiseConv2DOptions>();
  // The multiplier that the options repeat is the ratio of the channels.
  convolve(op, options, kFromDepthwise, extent(op, 0, 3));
}

void transpose_conv(TfliteOp& op) {
  const auto options = op.options<tflite::TransposeConvOptions>();
  auto_pad(options.padding);
  const auto shape = op.extents(0);
  TfliteOp::check(shape.size() == 4, "its output shape has {} elements, expected 4", shape.size());
  TfliteOp::check_supported(shape[1] && shape[2],
                            "its output's height or width is free (supported: fixed ones)");
  const std::array<std::int64_t, 2> strides = {options.stride_h, options.stride_w};
  Integers pads(4);
  Integers output_padding(2);
  for (std::size_t i = 0; i < 2; ++i) {
    const TransposedPadding padding = transposed_padding({.input = extent(op, 2, i + 1),
                                                          .kernel = extent(op, 1, i + 1),
                                                          .output = *shape[i + 1],
                                                          .stride = strides[i]},
                                                         options.padding == Padding::SAME);
    pads[i] = padding.begin;
    pads[i + 2] = padding.end;
    output_padding[i] = padding.missing;
  }
  std::vector<ValueId> inputs = {op.image(2), op.weight(1, kFromOhwiToIohw)};
  op.append_bias(3, 2, inputs);
  op.finish({.op = "ConvTranspose",
             .inputs = inputs,
             .attributes = {{"strides", Integers{options.stride_h, options.stride_w}},
                            {"pads", pads},
                            {"output_padding", output_padding}},
             .activation = options.fused_activation_function,
             .is_image = true});
}

void fully_connected(TfliteOp& op) {
  const auto options = op.options<tflite::FullyConnectedOptions>();
  TfliteOp::check_supported(
      options.weights_format == tflite::FullyConnectedOptionsWeightsFormat::DEFAULT,
      "its weights are shuffled (supported: the default order)");
  const std::int64_t outputs = extent(op, 1, 0);
  std::vector<ValueId> inputs = {as_rows(op), op.weight(1, kAsItIs)};
  op.append_bias(2, 0, inputs);
  TfliteOp::Result result = {.op = "Gemm",
                             .inputs = inputs,
                             .attributes = {{"transB", std::int64_t{1}}},
                             .activation = options.fused_activation_function};
  if (!options.keep_num_dims || op.dims(0).size() == 2) return op.finish(result);

  const ValueId rows = op.emit(result.op, result.inputs, result.attributes);
  Integers shape = {-1};
  for (std::size_t i = 1; i + 1 < op.dims(0).size(); ++i) shape.push_back(extent(op, 0, i));
  shape.push_back(outputs);
  op.finish({.op = "Reshape",
             .inputs = {rows, op.constant(shape)},
             .activation = options.fused_activation_function});
}

void move_blocks(TfliteOp&) {
  fail(ErrorCode::kUnsupported,
       "blocks are moved (supported: around a convolution and back, as a dilated one is written)");
}

}  // namespace quern::tflite_ops
