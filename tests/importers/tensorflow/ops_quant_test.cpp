#include <gtest/gtest.h>

#include "quern/importers/tensorflow/ops.h"
#include "tests/support/expect_error.h"
#include "tests/support/tensorflow_graph.h"

namespace quern::tensorflow {
namespace {

using test::only;
using test::output_dims;
using test::read_by;
using test::TensorflowGraph;
using Integers = std::vector<std::int64_t>;

TensorflowGraph quantized(float min, float max) {
  TensorflowGraph file;
  file.input("x", {-1, 8, 8, 3});
  auto* quant = file.node("FakeQuantWithMinMaxArgs", "quant", {"x"});
  TensorflowGraph::attribute(quant, "min").set_f(min);
  TensorflowGraph::attribute(quant, "max").set_f(max);
  file.node("Relu", "y", {"quant"});
  return file;
}

const Quantizer& quantizer(const Graph& graph) {
  return graph.quantizer(only(graph, "Quant").quantizer);
}

TEST(TensorflowOpsQuant, NudgesTheRangeSoThatZeroIsACode) {
  const Graph graph = quantized(-1.0F, 1.0F).import();
  const Quantizer& grid = quantizer(graph);
  EXPECT_EQ(to_string(grid.spec), "uint8 asymmetric");
  EXPECT_FLOAT_EQ(graph.scale(grid.scale).values[0], 2.0F / 255);
  EXPECT_EQ(grid.zero_point, std::vector<std::int32_t>{127});
}

TEST(TensorflowOpsQuant, KeepsZeroPointsOnTheGrid) {
  const Graph graph = quantized(1.0F, 2.0F).import();
  EXPECT_EQ(quantizer(graph).zero_point, std::vector<std::int32_t>{0});
}

TEST(TensorflowOpsQuant, CountsANarrowRangeFromZero) {
  TensorflowGraph file = quantized(-1.0F, 1.0F);
  TensorflowGraph::attribute(file.proto.mutable_node(1), "narrow_range").set_b(true);
  TensorflowGraph::attribute(file.proto.mutable_node(1), "num_bits").set_i(4);
  const Graph graph = file.import();
  EXPECT_EQ(quantizer(graph).spec.bits, 4);
  EXPECT_EQ(quantizer(graph).spec.qmax(), 14);
  EXPECT_FLOAT_EQ(graph.scale(quantizer(graph).scale).values[0], 2.0F / 14);
  EXPECT_EQ(quantizer(graph).zero_point, std::vector<std::int32_t>{7});
}

TEST(TensorflowOpsQuant, LearnsThePreprocessingFromTheInputsRange) {
  const Graph graph = quantized(-1.0F, 1.0F).import();
  ASSERT_TRUE(graph.preprocessing);
  EXPECT_EQ(graph.preprocessing->mean[0], 0.5);
  EXPECT_EQ(graph.preprocessing->std[2], 0.5);
  EXPECT_EQ(graph.preprocessing->crop, 8);
}

TEST(TensorflowOpsQuant, RefusesRangesWithoutASpan) {
  test::expect_error(ErrorCode::kParse,
                     "layer 'quant' (FakeQuantWithMinMaxArgs): its range is "
                     "[0, 0], a single number",
                     [] { quantized(0, 0).import(); });
  test::expect_error(ErrorCode::kParse, "expected finite numbers in order",
                     [] { quantized(1, -1).import(); });
  test::expect_error(ErrorCode::kParse, "expected finite numbers in order",
                     [] { quantized(0, std::numeric_limits<float>::quiet_NaN()).import(); });
  TensorflowGraph file = quantized(-1, 1);
  TensorflowGraph::attribute(file.proto.mutable_node(1), "num_bits").set_i(1);
  test::expect_error(ErrorCode::kParse, "num_bits is 1, expected 2 to 16", [&] { file.import(); });
}

TensorflowGraph quantized_weight(const std::string& op, const Shape& weight, std::int64_t ranges) {
  TensorflowGraph file;
  file.input("x", {1, 8, 8, 3});
  file.floats("stem/kernel", weight);
  const bool is_scalar = ranges == 0;
  std::vector<float> min;
  std::vector<float> max;
  for (std::int64_t i = 0; i < std::max<std::int64_t>(ranges, 1); ++i) {
    min.push_back(-1.0F);
    max.push_back(static_cast<float>(i + 1));
  }
  file.floats("min", is_scalar ? Shape{} : Shape{ranges}, min);
  file.floats("max", is_scalar ? Shape{} : Shape{ranges}, max);
  file.node(is_scalar ? "FakeQuantWithMinMaxVars" : "FakeQuantWithMinMaxVarsPerChannel", "quant",
            {"stem/kernel", "min", "max"});
  file.window(op, "conv", {"x", "quant"});
  return file;
}

TEST(TensorflowOpsQuant, PutsAGridOnAWeight) {
  const Graph graph = quantized_weight("Conv2D", {3, 3, 3, 4}, 0).import();
  const Node& quant = only(graph, "Quant");
  EXPECT_EQ(read_by(graph, quant, 0).name, "stem/kernel");
  EXPECT_EQ(read_by(graph, quant, 0).constant->shape(), (Shape{4, 3, 3, 3}));
  EXPECT_EQ(only(graph, "Conv").layer, "stem");
}

TEST(TensorflowOpsQuant, CountsChannelsOfAWeight) {
  Graph graph = quantized_weight("Conv2D", {3, 3, 3, 4}, 4).import();
  EXPECT_EQ(quantizer(graph).spec.channel_axis, 0);
  EXPECT_EQ(quantizer(graph).zero_point, (std::vector<std::int32_t>{127, 85, 64, 51}));
  graph = quantized_weight("DepthwiseConv2dNative", {3, 3, 3, 2}, 2).import();
  EXPECT_EQ(quantizer(graph).zero_point, (std::vector<std::int32_t>{127, 85, 127, 85, 127, 85}));
}

TEST(TensorflowOpsQuant, RefusesRangesThatDoNotFitTheTensor) {
  test::expect_error(ErrorCode::kParse, "it has 3 ranges for a tensor of shape [3, 3, 3, 4]", [] {
    quantized_weight("Conv2D", {3, 3, 3, 4}, 3).import();
  });
}

}  // namespace
}  // namespace quern::tensorflow
