#include <gmock/gmock.h>

#include "quern/importers/tflite.h"
#include "tests/support/expect_error.h"
#include "tests/support/tflite_model.h"

// The ops of quern/importers/tflite/layers.cpp.

namespace quern {
namespace {

using test::expect_error;
using test::TfliteFile;
using tflite::BuiltinOperator;
using tflite::Padding;
using tflite::TensorType;
using Integers = std::vector<std::int64_t>;

Graph imported(const TfliteFile& file) { return import_tflite(file.bytes(), "a"); }

const Node& only(const Graph& graph, const std::string& op) {
  return graph.node(graph.nodes_of(op).at(0));
}

template <class T>
T attribute(const Graph& graph, const std::string& op, const std::string& key) {
  return std::get<T>(only(graph, op).attributes.at(key));
}

/// x [1, 5, 6, channels] → CONV_2D by a weight of `shape`.
TfliteFile conv(std::int32_t channels, const std::vector<std::int32_t>& shape,
                const tflite::Conv2DOptionsT& options) {
  TfliteFile file;
  const int x = file.input("x", TensorType::FLOAT32, {1, 5, 6, channels});
  std::size_t count = 1;
  for (const std::int32_t extent : shape) count *= static_cast<std::size_t>(extent);
  const int weight = file.floats("c/w", shape, std::vector<float>(count, 0.5F));
  file.op(BuiltinOperator::CONV_2D, {x, weight},
          {file.output("y", TensorType::FLOAT32, {1, 1, 1, 1})}, options);
  return file;
}

tflite::Conv2DOptionsT conv_options() {
  tflite::Conv2DOptionsT options;
  options.stride_h = 2;
  options.stride_w = 1;
  options.dilation_h_factor = 1;
  options.dilation_w_factor = 2;
  return options;
}

TEST(Conv2d, KeepsStridesDilationsAndPadding) {
  const Graph same = imported(conv(3, {4, 2, 3, 3}, conv_options()));
  EXPECT_EQ(attribute<std::string>(same, "Conv", "auto_pad"), "SAME_UPPER");
  EXPECT_EQ(attribute<Integers>(same, "Conv", "strides"), (Integers{2, 1}));
  EXPECT_EQ(attribute<Integers>(same, "Conv", "dilations"), (Integers{1, 2}));
  EXPECT_EQ(to_string(*same.value(same.outputs()[0]).dims), "[1, 3, 6, 4]");
  tflite::Conv2DOptionsT options = conv_options();
  options.padding = Padding::VALID;
  const Graph valid = imported(conv(3, {4, 2, 3, 3}, options));
  EXPECT_EQ(to_string(*valid.value(valid.outputs()[0]).dims), "[1, 2, 2, 4]");
}

TEST(Conv2d, HasAGroupForEachShareOfTheChannels) {
  EXPECT_EQ(
      attribute<std::int64_t>(imported(conv(6, {4, 1, 1, 3}, conv_options())), "Conv", "group"), 2);
  expect_error(ErrorCode::kParse, "its input has 5 channels and its weight 3 of each group", [] {
    imported(conv(5, {4, 1, 1, 3}, conv_options()));
  });
}

TEST(Conv2d, RefusesWhatNoConvolutionHas) {
  tflite::Conv2DOptionsT options = conv_options();
  options.padding = static_cast<Padding>(7);
  expect_error(ErrorCode::kParse, "its padding is 7", [&] {
    imported(conv(3, {4, 2, 3, 3}, options));
  });
  options = conv_options();
  options.stride_w = -1;
  expect_error(ErrorCode::kParse, "strides", [&] { imported(conv(3, {4, 2, 3, 3}, options)); });
  TfliteFile computed = conv(3, {4, 2, 3, 3}, conv_options());
  computed.tensor(1).buffer = 0;
  expect_error(ErrorCode::kUnsupported, "'c/w', which is computed", [&] { imported(computed); });
}

/// x [1, 3, 3, 2] → TRANSPOSE_CONV of a 3 × 3 kernel and stride 2 to [1, height, width, 4].
TfliteFile transpose_conv(Padding padding, std::int32_t height, std::int32_t width) {
  TfliteFile file;
  const int shape = file.integers("shape", {1, height, width, 4});
  const int weight = file.floats("t/w", {4, 3, 3, 2}, std::vector<float>(72, 1));
  const int x = file.input("x", TensorType::FLOAT32, {1, 3, 3, 2});
  tflite::TransposeConvOptionsT options;
  options.padding = padding;
  options.stride_h = options.stride_w = 2;
  file.op(BuiltinOperator::TRANSPOSE_CONV, {shape, weight, x},
          {file.output("y", TensorType::FLOAT32, {1, height, width, 4})}, options);
  return file;
}

TEST(TransposeConv, HasTheExtentsAskedFor) {
  const Graph same = imported(transpose_conv(Padding::SAME, 6, 5));
  EXPECT_EQ(to_string(*same.value(same.outputs()[0]).dims), "[1, 6, 5, 4]");
  EXPECT_EQ(attribute<Integers>(same, "ConvTranspose", "pads"), (Integers{0, 1, 1, 1}));
  const Graph valid = imported(transpose_conv(Padding::VALID, 8, 7));
  EXPECT_EQ(to_string(*valid.value(valid.outputs()[0]).dims), "[1, 8, 7, 4]");
  EXPECT_EQ(attribute<Integers>(valid, "ConvTranspose", "output_padding"), (Integers{1, 0}));
}

TEST(TransposeConv, ReadsExtentsThatShapesDecide) {
  TfliteFile file = transpose_conv(Padding::SAME, 6, 5);
  const int like = file.input("like", TensorType::FLOAT32, {1, 6, 5, 4});
  const int shape = file.add("computed", TensorType::INT32, {4});
  file.op(BuiltinOperator::SHAPE, {like}, {shape}, tflite::ShapeOptionsT());
  auto& operators = file.graph().operators;
  operators[0]->inputs[0] = shape;
  std::swap(operators[0], operators[1]);
  const Graph graph = imported(file);
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[1, 6, 5, 4]");
}

TEST(TransposeConv, RefusesExtentsThatAreNone) {
  expect_error(ErrorCode::kParse, "does not give an extent of 0",
               [] { imported(transpose_conv(Padding::SAME, 0, 5)); });
  expect_error(ErrorCode::kUnsupported, "its output of 8 does not shrink to with stride 2",
               [] { imported(transpose_conv(Padding::SAME, 6, 8)); });
  TfliteFile file = transpose_conv(Padding::SAME, 6, 6);
  auto& options = file.graph().operators[0]->builtin_options;
  options.AsTransposeConvOptions()->stride_h = 0;
  expect_error(ErrorCode::kParse, "stride 0 and dilation 1 does not give", [&] { imported(file); });
}

TfliteFile fully_connected(const std::vector<std::int32_t>& shape, bool keep_num_dims) {
  TfliteFile file;
  const int x = file.input("x", TensorType::FLOAT32, shape);
  const int weight = file.floats("f/w", {5, 4}, std::vector<float>(20, 1));
  tflite::FullyConnectedOptionsT options;
  options.keep_num_dims = keep_num_dims;
  file.op(BuiltinOperator::FULLY_CONNECTED, {x, weight, -1},
          {file.output("y", TensorType::FLOAT32, {1, 5})}, options);
  return file;
}

TEST(FullyConnected, ReadsRowsOfItsFeatures) {
  const auto output = [](const TfliteFile& file) {
    const Graph graph = imported(file);
    EXPECT_EQ(graph.nodes_of("Gemm").size(), 1U);
    return to_string(*graph.value(graph.outputs()[0]).dims);
  };
  EXPECT_EQ(output(fully_connected({3, 4}, false)), "[3, 5]");
  EXPECT_EQ(output(fully_connected({2, 1, 2, 4}, false)), "[4, 5]");
  EXPECT_EQ(output(fully_connected({2, 1, 2, 4}, true)), "[2, 1, 2, 5]");
  EXPECT_EQ(imported(fully_connected({3, 4}, true)).nodes_of("Reshape").size(), 0U);
}

TEST(FullyConnected, RefusesAWeightThatIsNoMatrix) {
  TfliteFile file = fully_connected({3, 4}, false);
  file.tensor(1).shape = {20};
  expect_error(ErrorCode::kParse, "input 1 has the shape [20], expected 2 axes or more",
               [&] { imported(file); });
}

TEST(FullyConnected, RefusesShuffledWeights) {
  TfliteFile file = fully_connected({3, 4}, false);
  file.graph().operators[0]->builtin_options.AsFullyConnectedOptions()->weights_format =
      tflite::FullyConnectedOptionsWeightsFormat::SHUFFLED4x16INT8;
  expect_error(ErrorCode::kUnsupported, "its weights are shuffled", [&] { imported(file); });
}

}  // namespace
}  // namespace quern
