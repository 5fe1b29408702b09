#include "quern/pipeline/start_network.h"

#include <gmock/gmock.h>

#include "quern/data/synthetic.h"
#include "quern/exporters/qonnx.h"
#include "quern/passes/append_bipolar_head.h"
#include "quern/pipeline/quantize.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

class StartNetworkTest : public testing::Test {
 protected:
  StartNetworkTest() {
    write_synthetic_photos(folder_.path(), 10, /*seed=*/5);
    train_.samples = read_image_list(folder_ / "list.txt");
    recipe_.model = {.source = "zoo:mobilenet_v2_mini", .width = 0.5, .input = 32};
    recipe_.quantize.weight_bits = 4;
    recipe_.quantize.statistics_steps = 7;
  }

  /// The recipe's network as a file.
  std::string float_file() {
    Recipe recipe = recipe_;
    recipe.quantize.scheme = "none";
    const std::filesystem::path path = folder_ / "float.onnx";
    export_qonnx(start_network(recipe, train_).graph, path);
    return path.string();
  }

  test::TemporaryFolder folder_;
  LabelledSet train_;
  Recipe recipe_;
};

std::size_t unknown_scales(const Graph& graph) {
  std::size_t count = 0;
  for (const ScaleId id : graph.scales()) count += graph.scale(id).values.empty() ? 1 : 0;
  return count;
}

TEST_F(StartNetworkTest, FromScratchKnowsTheScaleOfItsInputAlone) {
  const StartNetwork start = start_network(recipe_, train_);
  EXPECT_EQ(start.statistics_steps, 7);
  EXPECT_GT(unknown_scales(start.graph), 20);
  const Graph& graph = start.graph;
  EXPECT_EQ((*graph.value(graph.outputs()[0]).dims)[1].size, 10);
  const Node& input = graph.node(graph.uses(graph.inputs()[0]).at(0).node);
  // White in the channel of the least deviation.
  constexpr float kWhite = (1 - 0.406F) / 0.225F;
  EXPECT_FLOAT_EQ(graph.params(input.quantizer).scale[0], kWhite / 128);
}

TEST_F(StartNetworkTest, RefusesANetworkBehindABipolarHead) {
  recipe_.model = {.source = float_file()};
  Graph graph = start_network(recipe_, train_).graph;
  append_bipolar_head(graph);
  recipe_.model.source = (folder_ / "bipolar.onnx").string();
  export_qonnx(graph, recipe_.model.source);
  test::expect_error(ErrorCode::kInvalidArgument, "is behind a bipolar head",
                     [&] { start_network(recipe_, train_); });
}

TEST_F(StartNetworkTest, AFloatFileIsCalibrated) {
  recipe_.model = {.source = float_file()};
  const StartNetwork start = start_network(recipe_, train_);
  EXPECT_EQ(start.statistics_steps, 0);
  EXPECT_EQ(unknown_scales(start.graph), 0);
}

TEST_F(StartNetworkTest, AQuantizedFileKeepsItsGrids) {
  recipe_.data.calibration = (folder_ / "list.txt").string();
  recipe_.model.classes = 10;
  const Graph quantized = quantize(recipe_, train_.samples).graph;
  const std::filesystem::path path = folder_ / "quantized.onnx";
  export_qonnx(quantized, path);
  recipe_.model = {.source = path.string()};
  recipe_.quantize.weight_bits = 2;
  const StartNetwork start = start_network(recipe_, train_);
  EXPECT_THAT(start.notes, testing::Contains(testing::HasSubstr("their bits stay")));
  for (const QuantizerId id : start.graph.quantizers()) {
    EXPECT_NE(start.graph.quantizer(id).spec.bits, 2);
  }
  EXPECT_EQ(unknown_scales(start.graph), 0);

  recipe_.quantize.scheme = "none";
  test::expect_error(ErrorCode::kInvalidArgument,
                     "quantized.onnx has quantizers, quantize.scheme is 'none'",
                     [&] { start_network(recipe_, train_); });
}

TEST_F(StartNetworkTest, QuantizersAreOfTheKindsAskedFor) {
  recipe_.quantize.weight_quantizer = "min_max";
  recipe_.quantize.activation_quantizer = "pact";
  const Graph graph = start_network(recipe_, train_).graph;
  int weights = 0;
  int activations = 0;
  for (const QuantizerId id : graph.quantizers()) {
    weights += graph.quantizer(id).kind == QuantizerKind::kMinMax ? 1 : 0;
    activations += graph.quantizer(id).kind == QuantizerKind::kPact ? 1 : 0;
  }
  EXPECT_GT(weights, 10);
  EXPECT_GT(activations, 10);
}

TEST_F(StartNetworkTest, WeightsHaveOneScaleWhereThatIsAskedFor) {
  recipe_.quantize.weight_granularity = Granularity::kPerTensor;
  const Graph graph = start_network(recipe_, train_).graph;
  for (const QuantizerId id : graph.quantizers()) {
    EXPECT_EQ(graph.quantizer(id).spec.granularity, Granularity::kPerTensor);
  }
}

TEST_F(StartNetworkTest, NotesSettingsThatNothingReads) {
  recipe_.train.optimizer = "adam";
  recipe_.train.momentum = 0.5;
  recipe_.train.positive_weights = {1, 2};
  EXPECT_THAT(start_network(recipe_, train_).notes,
              testing::IsSupersetOf({"train.momentum = 0.5 changes nothing: only sgd reads it",
                                     "train.positive_weights = [1.0, 2.0] changes nothing: only "
                                     "binary_cross_entropy reads it"}));
}

TEST_F(StartNetworkTest, AFloatNetworkHasNoQuantizers) {
  recipe_.quantize.scheme = "none";
  EXPECT_TRUE(start_network(recipe_, train_).graph.quantizers().empty());
}

TEST_F(StartNetworkTest, RefusesWhatDoesNotFit) {
  Recipe recipe = recipe_;
  recipe.quantize.weight_quantizer = "lsqq";
  test::expect_error(ErrorCode::kInvalidArgument,
                     "quantize.weight_quantizer = 'lsqq' is not a quantizer that is trained",
                     [&] { start_network(recipe, train_); });
  recipe = recipe_;
  recipe.model.classes = 4;
  test::expect_error(ErrorCode::kUnsupported, "the labels need [N, 10]",
                     [&] { start_network(recipe, train_); });
  recipe.model.source = float_file();
  test::expect_error(ErrorCode::kInvalidArgument,
                     "model.width, model.input and model.classes belong to networks of the zoo; ",
                     [&] { start_network(recipe, train_); });
  recipe.model.source = "";
  test::expect_error(ErrorCode::kInvalidArgument, "the recipe names no model (model.source)",
                     [&] { start_network(recipe, train_); });
}

}  // namespace
}  // namespace quern
