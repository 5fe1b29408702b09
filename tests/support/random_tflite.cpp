#include "tests/support/random_tflite.h"

#include <algorithm>
#include <cmath>

#include "quern/base/error.h"
#include "tests/support/tflite_shape_cases.h"

namespace quern::test {
namespace {

using tflite::ActivationFunctionType;
using tflite::BuiltinOperator;
using tflite::Padding;
using tflite::TensorType;
using Grid = FileGrid;

using Case = TfliteCase;

const std::vector<Form> kAllForms = {Form::kFloat, Form::kFloat16Weights, Form::kInt8,
                                     Form::kInt8,  Form::kUint8,          Form::kInt16};
const std::vector<Form> kNoInt16 = {Form::kFloat, Form::kFloat16Weights, Form::kInt8, Form::kInt8,
                                    Form::kUint8};
const std::vector<Form> kByteForms = {Form::kFloat, Form::kInt8, Form::kUint8};
const std::vector<Form> kInt8Forms = {Form::kFloat, Form::kInt8};

/// A grid for sums of `terms` products of numbers of about 1.
Grid sum_grid(Case& c, int terms) {
  const double spread = std::sqrt(terms);
  return c.grid(-spread * c.chance.uniform(0.3, 1.5), spread * c.chance.uniform(0.3, 1.5));
}

template <class Options>
Options window(Case& c, Options options) {
  options.padding = c.padding();
  options.stride_w = c.pick(1, 3);
  options.stride_h = c.pick(1, 3);
  options.fused_activation_function = c.activation();
  return options;
}

template <class Options>
Options dilated(Case& c, Options options) {
  const bool has_strides = options.stride_w * options.stride_h > 1;
  options.dilation_w_factor = has_strides ? 1 : c.pick(1, 2);
  options.dilation_h_factor = has_strides ? 1 : c.pick(1, 2);
  return options;
}

void conv_2d(Case& c) {
  Shape32 shape = c.image(6, 11);
  const int groups = c.form == Form::kFloat ? c.pick(1, 2) : 1;
  const std::int32_t of_one_group = shape[3];
  shape[3] *= groups;
  const std::int32_t outputs = groups * c.pick(1, 6);
  const int x = c.input(shape);
  const Shape32 weight_shape = {outputs, c.pick(1, 3), c.pick(1, 3), of_one_group};
  const int weight = c.weight(weight_shape, 0);
  std::vector<int> inputs = {x, weight};
  if (c.pick(0, 3) > 0) inputs.push_back(c.bias(outputs, x, weight));
  const auto options = dilated(c, window(c, tflite::Conv2DOptionsT()));
  const int terms = weight_shape[1] * weight_shape[2] * weight_shape[3];
  c.file.op(BuiltinOperator::CONV_2D, inputs, {c.output(sum_grid(c, terms))}, options);
}

void depthwise_conv_2d(Case& c) {
  const Shape32 shape = c.image(6, 11);
  const int multiplier = c.pick(1, 3);
  const std::int32_t outputs = shape[3] * multiplier;
  const int x = c.input(shape);
  const Shape32 weight_shape = {1, c.pick(1, 3), c.pick(1, 3), outputs};
  const int weight = c.weight(weight_shape, 3);
  auto options = window(c, tflite::DepthwiseConv2DOptionsT());
  options.stride_w = options.stride_h;  // TFLite's kernels take no others.
  options = dilated(c, options);
  options.depth_multiplier = multiplier;
  c.file.op(BuiltinOperator::DEPTHWISE_CONV_2D, {x, weight, c.bias(outputs, x, weight)},
            {c.output(sum_grid(c, weight_shape[1] * weight_shape[2]))}, options);
}

/// A dilated convolution between blocks that move, its border padded with zeros or not.
void space_to_batch_nd(Case& c) {
  const Shape32 shape = c.image(7, 11);
  const bool is_depthwise = c.maybe();
  const std::int32_t outputs = is_depthwise ? shape[3] : c.pick(1, 4);
  const int x = c.input(shape);
  std::vector<std::int32_t> block, pads, crops;
  for (const std::int32_t extent : {shape[1], shape[2]}) {
    const std::int32_t step = c.pick(2, 3);
    const std::int32_t border = c.maybe() ? step : 0;
    const std::int32_t rest = (step - (extent + 2 * border) % step) % step;
    block.push_back(step);
    pads.insert(pads.end(), {border, border + rest});
    crops.insert(crops.end(), {0, rest});
  }
  const auto pairs = [&](const char* name, const std::vector<std::int32_t>& values) {
    return c.file.constant(name, TensorType::INT32, {2, 2}, values);
  };
  const int blocks = c.file.integers("block", block);
  const int spread = c.file.add("spread", c.type(), {}, c.grid_of(x));
  c.file.op(BuiltinOperator::SPACE_TO_BATCH_ND, {x, blocks, pairs("pads", pads)}, {spread});

  const Grid grid = sum_grid(c, is_depthwise ? 6 : 6 * shape[3]);
  const int convolved = c.file.add("convolved", c.type(), {}, grid);
  if (is_depthwise) {
    const int weight = c.weight({1, 3, 2, outputs}, 3);
    tflite::DepthwiseConv2DOptionsT options;
    options.padding = Padding::VALID;
    options.stride_w = options.stride_h = options.depth_multiplier = 1;
    options.fused_activation_function = c.activation();
    c.file.op(BuiltinOperator::DEPTHWISE_CONV_2D, {spread, weight, c.bias(outputs, x, weight)},
              {convolved}, options);
  } else {
    const int weight = c.weight({outputs, 3, 2, shape[3]}, 0);
    tflite::Conv2DOptionsT options;
    options.padding = Padding::VALID;
    options.stride_w = options.stride_h = 1;
    options.fused_activation_function = c.activation();
    c.file.op(BuiltinOperator::CONV_2D, {spread, weight, c.bias(outputs, x, weight)}, {convolved},
              options);
  }
  c.file.op(BuiltinOperator::BATCH_TO_SPACE_ND, {convolved, blocks, pairs("crops", crops)},
            {c.output(grid)});
}

void transpose_conv(Case& c) {
  const Shape32 shape = c.image(2, 6);
  const Shape32 weight_shape = {c.pick(1, 5), c.pick(1, 4), c.pick(1, 4), shape[3]};
  tflite::TransposeConvOptionsT options;
  options.padding = c.padding();
  options.stride_w = c.pick(1, 3);
  options.stride_h = c.pick(1, 3);
  const auto extent = [&](std::int32_t input, std::int32_t stride, std::int32_t kernel) {
    return options.padding == Padding::SAME ? input * stride
                                            : (input - 1) * stride + std::max(stride, kernel);
  };
  const int target = c.file.integers(
      "shape", {1, extent(shape[1], options.stride_h, weight_shape[1]),
                extent(shape[2], options.stride_w, weight_shape[2]), weight_shape[0]});
  const int x = c.input(shape);
  const int weight = c.weight(weight_shape, 0);
  std::vector<int> inputs = {target, weight, x};
  if (c.maybe()) inputs.push_back(c.bias(weight_shape[0], x, weight));
  c.file.op(BuiltinOperator::TRANSPOSE_CONV, inputs,
            {c.output(sum_grid(c, weight_shape[1] * weight_shape[2] * shape[3]))}, options);
}

void fully_connected(Case& c) {
  tflite::FullyConnectedOptionsT options;
  options.fused_activation_function = c.activation();
  options.keep_num_dims = c.maybe();
  const std::int32_t features = c.pick(1, 12);
  const Shape32 shape = c.maybe() ? Shape32{c.pick(1, 3), features}
                                  : Shape32{1, c.pick(1, 3), c.pick(1, 3), features};
  const std::int32_t outputs = c.pick(1, 8);
  const int x = c.input(shape);
  const int weight = c.weight({outputs, features}, 0, /*per_channel=*/false);
  const int bias = c.maybe() ? c.bias(outputs, x, weight) : -1;
  c.file.op(BuiltinOperator::FULLY_CONNECTED, {x, weight, bias}, {c.output(sum_grid(c, features))},
            options);
}

template <class Options>
void arithmetic(Case& c, BuiltinOperator op) {
  const Shape32 shape = c.image(1, 5);
  const int a = c.input(shape);
  const Shape32 others[] = {shape, {1, 1, 1, shape[3]}, {shape[3]}, {1}};
  const Shape32& other = others[c.pick(0, 3)];
  const bool divides = op == BuiltinOperator::DIV;
  const Grid grid = divides ? c.grid(0.5, 4) : c.any_grid();
  // A quotient by 0 has no code.
  int b = 0;
  if (divides) {
    b = c.file.floats("constant", other, c.floats(other, 0.5, 4));
  } else {
    b = c.maybe() ? c.input(other, grid) : c.constant(other, grid);
  }
  Options options;
  options.fused_activation_function = c.activation();
  std::vector<int> inputs = {a, b};
  if (op != BuiltinOperator::SUB && !divides && c.maybe()) std::swap(inputs[0], inputs[1]);
  c.file.op(op, inputs, {c.output(c.grid(-6, 6))}, options);
}

void pool(Case& c, BuiltinOperator op) {
  const int x = c.input(c.image(4, 9));
  auto options = window(c, tflite::Pool2DOptionsT());
  options.filter_width = c.pick(1, 4);
  options.filter_height = c.pick(1, 4);
  c.file.op(op, {x}, {c.output(c.grid_of(x))}, options);
}

void mean(Case& c) {
  const int x = c.input(c.image());
  const std::vector<std::int32_t> axes[] = {{1, 2}, {1}, {3}, {-1, 1}};
  tflite::ReducerOptionsT options;
  options.keep_dims = c.maybe();
  c.file.op(BuiltinOperator::MEAN, {x, c.file.integers("axes", axes[c.pick(0, 3)])}, {c.output()},
            options);
}

void pad(Case& c) {
  const int x = c.input(c.image(1, 5));
  std::vector<std::int32_t> pads;
  for (int i = 0; i < 8; ++i) pads.push_back(i < 2 ? 0 : c.pick(0, 2));
  const int paddings = c.file.constant("paddings", TensorType::INT32, {4, 2}, pads);
  if (c.maybe()) {
    c.file.op(BuiltinOperator::PAD, {x, paddings}, {c.output(c.grid_of(x))});
  } else {
    const int border = c.constant({1}, c.grid_of(x));
    c.file.op(BuiltinOperator::PADV2, {x, paddings, border}, {c.output(c.grid_of(x))});
  }
}

void mirror_pad(Case& c) {
  const int x = c.input(c.image(3, 5));
  std::vector<std::int32_t> pads = {0, 0, c.pick(0, 2), c.pick(0, 2), c.pick(0, 2), 1, 0, 0};
  const int paddings = c.file.constant("paddings", TensorType::INT32, {4, 2}, pads);
  c.file.op(BuiltinOperator::MIRROR_PAD, {x, paddings}, {c.output(c.grid_of(x))},
            tflite::MirrorPadOptionsT());
}

template <class Options>
void resize(Case& c, BuiltinOperator op) {
  const int x = c.input(c.image(2, 6));
  Options options;
  const int choice = c.pick(0, 2);
  options.align_corners = choice == 1;
  options.half_pixel_centers = choice == 2;
  // Now and then where ONNX's formula finds other pixels.
  const bool is_far = op == BuiltinOperator::RESIZE_NEAREST_NEIGHBOR && c.maybe();
  const int extents = c.file.integers("extents", {is_far ? 41 : c.pick(2, 11), c.pick(2, 11)});
  c.file.op(op, {x, extents}, {c.output(c.grid_of(x))}, options);
}

void function(Case& c, BuiltinOperator op) {
  const int x = c.input(c.image(1, 5));
  c.file.op(op, {x}, {c.output()});
}

/// Of those whose grid TFLite prescribes: 256 codes from `low` on of width `step`.
void fixed_function(Case& c, BuiltinOperator op, double low, double step) {
  const int x = c.input(c.image(1, 5));
  const Grid grid = c.is_float() ? Grid{} : c.grid(low, low + 255 * step);
  const int y = c.output(grid);
  if (op == BuiltinOperator::SOFTMAX) {
    c.file.op(op, {x}, {y}, tflite::SoftmaxOptionsT{{}, c.maybe() ? 1.0F : 0.5F});
  } else {
    c.file.op(op, {x}, {y});
  }
}

void leaky_relu(Case& c) {
  const int x = c.input(c.image(1, 5));
  c.file.op(BuiltinOperator::LEAKY_RELU, {x}, {c.output()},
            tflite::LeakyReluOptionsT{{}, static_cast<float>(c.chance.uniform(0.01, 0.4))});
}

void prelu(Case& c) {
  const Shape32 shape = c.image(1, 5);
  const int x = c.input(shape);
  const int slope = c.constant({1, 1, shape[3]}, c.grid(-0.5, 0.5));
  c.file.op(BuiltinOperator::PRELU, {x, slope}, {c.output()});
}

void bounded(Case& c, BuiltinOperator op) {
  const int x = c.input(c.image(1, 5));
  const int bound = c.constant({1}, c.grid_of(x));
  c.file.op(op, {x, bound}, {c.output(c.grid_of(x))});
}

void requantize(Case& c) {
  const int x = c.input(c.image(1, 5));
  if (c.form != Form::kFloat) {
    c.file.op(BuiltinOperator::QUANTIZE, {x}, {c.output()});
    return;
  }
  // Real values to codes and back.
  const int codes = c.file.add("codes", TensorType::INT8, {}, {{0.02F}, {-5}});
  c.file.op(BuiltinOperator::QUANTIZE, {x}, {codes});
  c.file.op(BuiltinOperator::DEQUANTIZE, {codes}, {c.output()});
}

struct Entry {
  std::string_view op;
  const std::vector<Form>& forms;
  void (*build)(Case&);
};

const std::vector<Entry>& entries() {
  using B = BuiltinOperator;
  static const std::vector<Entry> kEntries = {
      {"ADD", kByteForms, [](Case& c) { arithmetic<tflite::AddOptionsT>(c, B::ADD); }},
      {"AVERAGE_POOL_2D", kByteForms, [](Case& c) { pool(c, B::AVERAGE_POOL_2D); }},
      {"CONCATENATION", kByteForms, concatenation},
      {"CONV_2D", kAllForms, conv_2d},
      {"DEPTHWISE_CONV_2D", kAllForms, depthwise_conv_2d},
      {"DIV", {kInt8Forms}, [](Case& c) { arithmetic<tflite::DivOptionsT>(c, B::DIV); }},
      {"ELU", kInt8Forms, [](Case& c) { function(c, B::ELU); }},
      {"EXPAND_DIMS", kByteForms, expand_dims},
      {"FULLY_CONNECTED", kNoInt16, fully_connected},
      {"GATHER", kByteForms, gather},
      {"HARD_SWISH", kByteForms, [](Case& c) { function(c, B::HARD_SWISH); }},
      {"LEAKY_RELU", kByteForms, leaky_relu},
      {"LOGISTIC", kByteForms, [](Case& c) { fixed_function(c, B::LOGISTIC, 0, 1.0 / 256); }},
      {"MAXIMUM", kByteForms, [](Case& c) { bounded(c, B::MAXIMUM); }},
      {"MAX_POOL_2D", kByteForms, [](Case& c) { pool(c, B::MAX_POOL_2D); }},
      {"MEAN", kByteForms, mean},
      {"MINIMUM", kByteForms, [](Case& c) { bounded(c, B::MINIMUM); }},
      {"MIRROR_PAD", kInt8Forms, mirror_pad},
      {"MUL", kByteForms, [](Case& c) { arithmetic<tflite::MulOptionsT>(c, B::MUL); }},
      {"PACK", kByteForms, pack},
      {"PAD", kByteForms, pad},
      {"PRELU", kByteForms, prelu},
      {"QUANTIZE", kByteForms, requantize},
      {"RELU", kByteForms, [](Case& c) { function(c, B::RELU); }},
      {"RELU6", kByteForms, [](Case& c) { function(c, B::RELU6); }},
      {"RELU_0_TO_1", kInt8Forms, [](Case& c) { function(c, B::RELU_0_TO_1); }},
      {"RELU_N1_TO_1", kInt8Forms, [](Case& c) { function(c, B::RELU_N1_TO_1); }},
      {"RESHAPE", kByteForms, reshape},
      {"RESIZE_BILINEAR", kByteForms,
       [](Case& c) { resize<tflite::ResizeBilinearOptionsT>(c, B::RESIZE_BILINEAR); }},
      {"RESIZE_NEAREST_NEIGHBOR", kByteForms,
       [](Case& c) {
         resize<tflite::ResizeNearestNeighborOptionsT>(c, B::RESIZE_NEAREST_NEIGHBOR);
       }},
      {"SHAPE", kByteForms, computed_shape},
      {"SLICE", kByteForms, slice},
      {"SOFTMAX", kByteForms, [](Case& c) { fixed_function(c, B::SOFTMAX, 0, 1.0 / 256); }},
      {"SPACE_TO_BATCH_ND", kByteForms, space_to_batch_nd},
      {"SPLIT", kByteForms, split},
      {"SPLIT_V", kByteForms, split_v},
      {"SQUEEZE", kByteForms, squeeze},
      {"STRIDED_SLICE", kByteForms, strided_slice},
      {"SUB", kByteForms, [](Case& c) { arithmetic<tflite::SubOptionsT>(c, B::SUB); }},
      {"TANH", kByteForms, [](Case& c) { fixed_function(c, B::TANH, -1, 1.0 / 128); }},
      {"TILE", kByteForms, tile},
      {"TRANSPOSE", kByteForms, transpose},
      {"TRANSPOSE_CONV", kNoInt16, transpose_conv},
      {"UNPACK", kByteForms, unpack},
  };
  return kEntries;
}

}  // namespace

std::vector<std::string_view> random_tflite_ops() {
  std::vector<std::string_view> ops;
  for (const Entry& entry : entries()) ops.push_back(entry.op);
  return ops;
}

TfliteFile random_tflite(std::string_view op, std::uint64_t seed) {
  for (const Entry& entry : entries()) {
    if (entry.op != op) continue;
    Case c(seed, entry.forms);
    entry.build(c);
    return std::move(c.file);
  }
  fail(ErrorCode::kInvalidArgument, "no random files of '{}' are made", op);
}

}  // namespace quern::test
