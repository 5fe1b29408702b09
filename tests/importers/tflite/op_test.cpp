#include "quern/importers/tflite/op.h"

#include <gmock/gmock.h>

#include "quern/importers/tflite.h"
#include "tests/support/expect_error.h"
#include "tests/support/tflite_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::FileGrid;
using test::TfliteFile;
using testing::ElementsAre;
using tflite::ActivationFunctionType;
using tflite::BuiltinOperator;
using tflite::TensorType;

Graph imported(const TfliteFile& file) { return import_tflite(file.bytes(), "a"); }

std::vector<std::string> layers_of(const Graph& graph) {
  std::vector<std::string> layers;
  for (const NodeId id : graph.nodes()) layers.push_back(graph.node(id).layer);
  return layers;
}

/// x → MAX_POOL_2D → y, each on its grid.
TfliteFile pool(BuiltinOperator op, const FileGrid& before, const FileGrid& after,
                ActivationFunctionType activation = ActivationFunctionType::NONE) {
  TfliteFile file;
  const int x = file.input("x", TensorType::INT8, {1, 4, 4, 2}, before);
  tflite::Pool2DOptionsT options;
  options.stride_w = options.stride_h = options.filter_width = options.filter_height = 2;
  options.fused_activation_function = activation;
  file.op(op, {x}, {file.output("y", TensorType::INT8, {1, 2, 2, 2}, after)}, options);
  return file;
}

TEST(TfliteOp, NamesALayerAfterItsWeightsModuleAndItsOutputAfterTheTensor) {
  const Graph graph = imported(test::int8_conv());
  EXPECT_THAT(layers_of(graph), testing::UnorderedElementsAre(
                                    "image.quant", "net/conv.Transpose", "net/conv.weight_quant",
                                    "net/conv.bias_quant", "net/conv", "net/conv.activation",
                                    "net/conv.output_quant", "net/conv.Transpose_2"));
  TfliteFile unnamed = test::int8_conv();
  unnamed.tensor(1).name = "pseudo_qconst1";
  EXPECT_TRUE(imported(unnamed).find_layer("features").has_value());
}

TEST(TfliteOp, QuantizesNothingTwiceThatOnlyMoves) {
  const FileGrid grid = {{0.5F}, {3}};
  const Graph moved = imported(pool(BuiltinOperator::MAX_POOL_2D, grid, grid));
  EXPECT_EQ(moved.nodes_of("Quant").size(), 1U);
  const Graph averaged = imported(pool(BuiltinOperator::AVERAGE_POOL_2D, grid, grid));
  const std::vector<NodeId> quants = averaged.nodes_of("Quant");
  ASSERT_EQ(quants.size(), 2U);
  EXPECT_EQ(averaged.node(quants[0]).quantizer, averaged.node(quants[1]).quantizer);
  const Graph clipped =
      imported(pool(BuiltinOperator::MAX_POOL_2D, grid, grid, ActivationFunctionType::RELU6));
  EXPECT_EQ(clipped.nodes_of("Quant").size(), 2U);
  const Graph moved_to_another = imported(pool(BuiltinOperator::MAX_POOL_2D, grid, {{1.0F}, {3}}));
  EXPECT_EQ(moved_to_another.nodes_of("Quant").size(), 2U);
}

TEST(TfliteOp, AddsTheActivationThatIsFused) {
  const std::pair<ActivationFunctionType, std::string> cases[] = {
      {ActivationFunctionType::RELU, "Relu"},
      {ActivationFunctionType::RELU6, "Clip"},
      {ActivationFunctionType::RELU_N1_TO_1, "Clip"},
      {ActivationFunctionType::TANH, "Tanh"}};
  const FileGrid grid = {{0.5F}, {3}};
  for (const auto& [activation, op] : cases) {
    EXPECT_EQ(
        imported(pool(BuiltinOperator::MAX_POOL_2D, grid, grid, activation)).nodes_of(op).size(),
        1U);
  }
  expect_error(
      ErrorCode::kUnsupported, "layer 'y' (MAX_POOL_2D): it has the fused activation 5", [&] {
        imported(pool(BuiltinOperator::MAX_POOL_2D, grid, grid, ActivationFunctionType::SIGN_BIT));
      });
}

TEST(TfliteOp, RefusesOptionsOfAnotherOpAndMissingInputs) {
  TfliteFile file = pool(BuiltinOperator::MAX_POOL_2D, {{1}, {0}}, {{1}, {0}});
  file.graph().operators[0]->builtin_options.Set(tflite::AddOptionsT());
  expect_error(ErrorCode::kParse, "it has the options of another op", [&] { imported(file); });
  file.graph().operators[0]->builtin_options.Reset();
  file.graph().operators[0]->inputs = {-1};
  expect_error(ErrorCode::kParse, "it lacks its input 0", [&] { imported(file); });
}

TEST(TfliteOp, RefusesImagesThatAreNone) {
  TfliteFile file = pool(BuiltinOperator::MAX_POOL_2D, {{1}, {0}}, {{1}, {0}});
  file.tensor(0).shape = {1, 4, 4};
  expect_error(ErrorCode::kUnsupported, "its input is [1, 4, 4]", [&] { imported(file); });
}

}  // namespace
}  // namespace quern
