#include "quern/pipeline/quantize.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/synthetic.h"
#include "quern/exporters/qonnx.h"
#include "quern/models/load_model.h"
#include "quern/ptq/algorithms.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

class QuantizeTest : public testing::Test {
 protected:
  QuantizeTest() {
    write_synthetic_photos(folder_.path(), 10, /*seed=*/5);
    recipe_.model = {.source = "zoo:mobilenet_v2_mini", .width = 0.5, .input = 32, .classes = 10};
    recipe_.data.calibration = (folder_ / "list.txt").string();
  }

  test::TemporaryFolder folder_;
  Recipe recipe_;
};

TEST_F(QuantizeTest, GivesAFileThatIsTheSameForAnyNumberOfThreads) {
  recipe_.threads = 1;
  const std::vector<std::byte> one = to_qonnx(quantize(recipe_).graph);
  recipe_.threads = 3;
  EXPECT_EQ(to_qonnx(quantize(recipe_).graph), one);
}

TEST_F(QuantizeTest, EvaluatesWhereValidationPicturesAreGiven) {
  EXPECT_FALSE(quantize(recipe_).accuracy.has_value());
  recipe_.data.validation = recipe_.data.calibration;
  recipe_.data.limit = 6;
  const QuantizeResult result = quantize(recipe_);
  ASSERT_TRUE(result.accuracy.has_value());
  EXPECT_EQ(result.images, 6);
  EXPECT_EQ(result.accuracy->images, 6);
  // 8 bits in each of about 30 layers in a row leave some 20 dB; 10 dB would be 4 bits lost.
  EXPECT_GT(*result.accuracy->sqnr_db, 10);
}

TEST_F(QuantizeTest, RecordsThePreprocessing) {
  recipe_.data.preprocess.bgr = true;
  const QuantizeResult result = quantize(recipe_);
  ASSERT_TRUE(result.graph.preprocessing.has_value());
  EXPECT_TRUE(result.graph.preprocessing->bgr);
  EXPECT_EQ(result.graph.preprocessing->crop, 32);
}

TEST_F(QuantizeTest, ANetworkForPicturesOfAnySizeIsQuantizedForTheCrop) {
  Graph graph = load_model(recipe_.model.source, zoo_options(recipe_)).graph;
  graph.set_type(graph.inputs()[0], DType::kFloat32, Dims{{-1, "N"}, {3}, {-1, "H"}, {-1, "W"}});
  graph.preprocessing.reset();
  recipe_.model.source = (folder_ / "free.onnx").string();
  export_qonnx(graph, recipe_.model.source, {.batch = 0});
  recipe_.data.preprocess = {.resize = 32, .crop = 32};

  const Graph quantized = quantize(recipe_).graph;

  EXPECT_EQ(to_string(*quantized.value(quantized.inputs()[0]).dims), "[N, 3, 32, 32]");
}

TEST_F(QuantizeTest, FindsScalesLayerByLayerAsRulesSay) {
  const auto scale = [&](const std::string& quant) {
    const Graph graph = quantize(recipe_).graph;
    return graph.params(graph.node(graph.find_layer(quant).value()).quantizer).scale;
  };
  const std::string activation = "features.1.conv.1.output_quant";
  const std::string weight = "features.1.conv.1.weight_quant";
  const std::vector<std::vector<float>> before = {scale(activation), scale(weight)};
  recipe_.quantize.rules = {
      {.layer = "features.1.conv.1",
       .spec = {.observer = "mse", .weight_method = "percentile", .weight_percentile = 90}}};
  const std::vector<std::vector<float>> ruled = {scale(activation), scale(weight)};
  EXPECT_NE(before, ruled);

  recipe_.quantize.rules.clear();
  recipe_.calibrate = {.observer = "mse", .weight_method = "percentile", .weight_percentile = 90};
  EXPECT_EQ((std::vector{scale(activation), scale(weight)}), ruled);
}

TEST_F(QuantizeTest, KeepsTheNetworkAfterEachAlgorithm) {
  recipe_.quantize.weight_bits = 4;
  recipe_.ptq.algorithms = {"correct_bias", "gptq"};
  const QuantizeResult result = quantize(recipe_);
  std::vector<std::string> names;
  for (const QuantizeStep& step : result.steps) names.push_back(step.name);
  EXPECT_THAT(names, testing::ElementsAre("calibrate", "gptq", "correct_bias"));
  EXPECT_EQ(result.steps.back().graph, result.graph);
  EXPECT_FALSE(result.steps[0].graph == result.steps[1].graph);
  EXPECT_FALSE(result.steps[1].graph == result.steps[2].graph);
  EXPECT_TRUE(result.reference.quantizers().empty());
}

TEST_F(QuantizeTest, NotesAnAlgorithmThatChangesNothing) {
  recipe_.ptq.algorithms = {"gptq"};
  EXPECT_THAT(quantize(recipe_).notes, testing::Not(testing::Contains("gptq changed nothing")));
  recipe_.quantize.rules = {{.op = "Conv", .spec = {.quantize = false}},
                            {.op = "Gemm", .spec = {.quantize = false}}};
  const QuantizeResult result = quantize(recipe_);
  EXPECT_THAT(result.notes, testing::Contains("gptq changed nothing"));
  EXPECT_THAT(result.steps.back().notes, testing::Contains("gptq changed nothing"));
}

TEST_F(QuantizeTest, EqualizesTheFloatNetworkBeforeItGetsGrids) {
  recipe_.ptq = {.algorithms = {"equalize_activations", "correct_bias"}, .add_mul = true};
  const QuantizeResult result = quantize(recipe_);
  std::vector<std::string> stages;
  for (const StageTime& stage : result.stages) stages.push_back(stage.stage);
  EXPECT_THAT(stages, testing::ElementsAre("load", "equalize_activations", "place quantizers",
                                           "calibrate", "correct_bias"));
  std::vector<std::string> steps;
  for (const QuantizeStep& step : result.steps) steps.push_back(step.name);
  EXPECT_THAT(steps, testing::ElementsAre("equalize_activations", "calibrate", "correct_bias"));
  EXPECT_EQ(result.steps[0].graph, result.reference);
  EXPECT_TRUE(result.loaded.nodes_of("Mul").empty());
  EXPECT_FALSE(result.reference.nodes_of("Mul").empty());
  EXPECT_EQ(result.graph.nodes_of("Mul").size(), result.reference.nodes_of("Mul").size());
  EXPECT_THAT(result.notes, testing::Contains(testing::HasSubstr("it is the network's input")));
}

TEST_F(QuantizeTest, MeasuresAnEqualizedNetworkAgainstTheOneThatWasLoaded) {
  recipe_.data.validation = recipe_.data.calibration;
  recipe_.ptq.algorithms = {"equalize_weights"};
  // 16 bits show the difference of the float networks; one that was equalized keeps its function
  // on the pictures that it was equalized on.
  recipe_.quantize.weight_bits = recipe_.quantize.activation_bits = 16;
  EXPECT_GT(*quantize(recipe_).accuracy->sqnr_db, 40);
}

TEST_F(QuantizeTest, WinsBackWhatFourBitsTake) {
  const auto sqnr_with = [&](const std::vector<std::string>& algorithms) {
    recipe_.quantize.weight_bits = 4;
    recipe_.data.validation = recipe_.data.calibration;
    recipe_.ptq.algorithms = algorithms;
    return quantize(recipe_).accuracy->sqnr_db.value();
  };
  const double plain = sqnr_with({});
  EXPECT_GT(sqnr_with({"gptq"}), plain + 3);
  EXPECT_GT(sqnr_with({"gpfq"}), plain + 3);
}

TEST_F(QuantizeTest, AlgorithmsGiveTheSameFileForAnyNumberOfThreads) {
  for (const PtqAlgorithm& each : ptq_algorithms()) {
    const std::string algorithm(each.name);
    recipe_.ptq.algorithms = {algorithm};
    recipe_.threads = 1;
    const std::vector<std::byte> one = to_qonnx(quantize(recipe_).graph);
    recipe_.threads = 2;
    EXPECT_EQ(to_qonnx(quantize(recipe_).graph), one) << algorithm;
  }
}

TEST_F(QuantizeTest, SaysWhatTheRecipeLacks) {
  Recipe recipe = recipe_;
  recipe.model.source.clear();
  expect_error(ErrorCode::kInvalidArgument, "names no model", [&] { quantize(recipe); });
  recipe = recipe_;
  recipe.data.calibration.clear();
  expect_error(ErrorCode::kInvalidArgument, "names no calibration pictures",
               [&] { quantize(recipe); });
  recipe = recipe_;
  recipe.ptq.algorithms = {"gptq", "gpfq"};
  expect_error(ErrorCode::kInvalidArgument, "both round the weights", [&] { quantize(recipe); });
  recipe = recipe_;
  recipe.quantize.scheme = "fin";
  expect_error(ErrorCode::kInvalidArgument, "'fin'", [&] { quantize(recipe); });
  recipe = recipe_;
  recipe.calibrate.observer = "percentil";
  expect_error(ErrorCode::kInvalidArgument, "'percentil'", [&] { quantize(recipe); });
  recipe = recipe_;
  recipe.quantize.rules = {{.spec = {.weight_bits = 4}}, {.spec = {.observer = "percentil"}}};
  expect_error(ErrorCode::kInvalidArgument, "rule 2: 'percentil' is not an observer",
               [&] { quantize(recipe); });
  recipe.quantize.rules = {{.spec = {.weight_method = "maxi"}}};
  expect_error(ErrorCode::kInvalidArgument, "rule 1: 'maxi' is not a method",
               [&] { quantize(recipe); });
}

TEST(SamplesOf, StartsAtTheRootAndStopsAtTheLimit) {
  const test::TemporaryFolder folder;
  write_file(folder / "lists/a.txt", std::string_view("x.jpg 0\ny.jpg 1\n/z.jpg 2\n"));
  const std::string list = (folder / "lists/a.txt").string();
  EXPECT_EQ(samples_of({}, list)[0].path, folder / "lists/x.jpg");

  const DataRecipe rooted = {.root = folder.path().string(), .limit = 2};
  const std::vector<Sample> samples = samples_of(rooted, "lists/a.txt");
  ASSERT_EQ(samples.size(), 2);
  EXPECT_EQ(samples[1].path, folder / "y.jpg");
  EXPECT_EQ(list_path(rooted, "lists/a.txt"), list);
  EXPECT_EQ(list_path({}, list), list);
  EXPECT_EQ(samples_of({.root = "/elsewhere"}, list)[2].path, "/z.jpg");
}

}  // namespace
}  // namespace quern
