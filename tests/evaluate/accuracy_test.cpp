#include "quern/evaluate/accuracy.h"

#include <gmock/gmock.h>

#include "quern/data/synthetic.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

constexpr int kSide = 8;
constexpr std::int64_t kClasses = 10;

/// logits = Gemm(Flatten(x), w) with weights that depend on `seed`.
Graph linear_model(std::int64_t classes, float weight_step) {
  Graph graph;
  const std::int64_t features = 3 * kSide * kSide;
  const ValueId x =
      graph.add_input("x", DType::kFloat32, {{-1, "N"}, {3, ""}, {kSide, ""}, {kSide, ""}});
  std::vector<float> weights;
  for (std::int64_t i = 0; i < classes * features; ++i) {
    weights.push_back(static_cast<float>((i * 37) % 101 - 50) * weight_step);
  }
  const ValueId w =
      graph.add_constant("fc.weight", Tensor::of<float>({classes, features}, weights));
  const ValueId flat = graph.add_value("flat", DType::kFloat32, Dims{{-1, "N"}, {features, ""}});
  const ValueId y = graph.add_value("logits", DType::kFloat32, Dims{{-1, "N"}, {classes, ""}});
  graph.add_node({.layer = "flatten",
                  .op = "Flatten",
                  .inputs = {x},
                  .outputs = {flat},
                  .attributes = {{"axis", std::int64_t{1}}}});
  graph.add_node({.layer = "fc",
                  .op = "Gemm",
                  .inputs = {flat, w},
                  .outputs = {y},
                  .attributes = {{"transB", std::int64_t{1}}}});
  graph.add_output(y);
  return graph;
}

class AccuracyTest : public testing::Test {
 protected:
  AccuracyTest() {
    write_synthetic_photos(folder_.path(), 21, /*seed=*/5);
    samples_ = read_samples(folder_ / "list.txt");
    options_.loader.preprocessing.resize = kSide;
    options_.loader.preprocessing.crop = kSide;
  }

  test::TemporaryFolder folder_;
  std::vector<Sample> samples_;
  EvaluateOptions options_;
};

TEST_F(AccuracyTest, RefusesAnOutputThatHasNotARowForEachPicture) {
  Graph model = linear_model(kClasses, 1e-3F);
  const ValueId turned = model.add_value("turned");
  const ValueId shape =
      model.add_constant("shape", Tensor::of<std::int64_t>({2}, std::vector<std::int64_t>{-1, 1}));
  model.add_node({.op = "Reshape", .inputs = {model.outputs()[0], shape}, .outputs = {turned}});
  model.set_output(0, turned);
  expect_error(ErrorCode::kUnsupported, "the output 'turned' has the shape [40, 1] for 4 pictures",
               [&] { evaluate_accuracy(model, samples_, options_); });
}

TEST_F(AccuracyTest, RefusesABatchOfNoPictures) {
  options_.loader.batch_size = 0;
  expect_error(ErrorCode::kInvalidArgument, "batch_size must be positive, got 0",
               [&] { evaluate_accuracy(linear_model(kClasses, 1e-3F), samples_, options_); });
}

TEST_F(AccuracyTest, DoesNotDependOnThreads) {
  const Graph model = linear_model(kClasses, 1e-3F);
  const Graph reference = linear_model(kClasses, 1.1e-3F);
  options_.loader.threads = 1;
  const Accuracy one = evaluate_accuracy(model, samples_, options_, &reference);
  options_.loader.threads = 3;
  const Accuracy three = evaluate_accuracy(model, samples_, options_, &reference);
  EXPECT_EQ(one.images, 21);
  EXPECT_EQ(one.top1, three.top1);
  EXPECT_EQ(one.sqnr_db, three.sqnr_db);
}

TEST_F(AccuracyTest, ComparesLogitsWithTheReference) {
  const Graph model = linear_model(kClasses, 1e-3F);
  const Accuracy same = evaluate_accuracy(model, samples_, options_, &model);
  EXPECT_EQ(same.agreement, 100);
  EXPECT_EQ(same.reference_top1, same.top1);
  EXPECT_EQ(same.reference_top5, same.top5);
  EXPECT_EQ(same.sqnr_db, 300);  // the cap for equal logits

  // Every logit of the reference is 1.1 times the model's: noise / signal = (0.1 / 1.1)².
  const Graph reference = linear_model(kClasses, 1.1e-3F);
  const Accuracy scaled = evaluate_accuracy(model, samples_, options_, &reference);
  EXPECT_NEAR(*scaled.sqnr_db, 20 * std::log10(11.0), 1e-3);
}

TEST_F(AccuracyTest, AppliesTheLabelOffset) {
  for (Sample& sample : samples_) sample.label += 1;
  const Graph model = linear_model(kClasses, 1e-3F);
  options_.label_offset = -1;
  EXPECT_EQ(evaluate_accuracy(model, samples_, options_).images, 21);
  options_.label_offset = 0;
  samples_[4].label = kClasses;
  expect_error(ErrorCode::kParse, samples_[4].path.string() + " has the label 10, expected 0 to 9",
               [&] { evaluate_accuracy(model, samples_, options_); });
}

TEST_F(AccuracyTest, NamesAPictureWithoutALabel) {
  samples_[0].label = -1;
  expect_error(ErrorCode::kParse, "has no label",
               [&] { evaluate_accuracy(linear_model(kClasses, 1e-3F), samples_, options_); });
}

TEST_F(AccuracyTest, NamesAnOutputThatIsNotFinite) {
  // 3e38 overflows float32 in the first sum.
  expect_error(ErrorCode::kParse, "'logits' is not finite",
               [&] { evaluate_accuracy(linear_model(kClasses, 3e36F), samples_, options_); });
}

TEST_F(AccuracyTest, RefusesAReferenceWithOtherClasses) {
  const Graph reference = linear_model(11, 1e-3F);
  expect_error(ErrorCode::kInvalidArgument, "the reference has 11 classes, the model 10", [&] {
    evaluate_accuracy(linear_model(kClasses, 1e-3F), samples_, options_, &reference);
  });
}

TEST_F(AccuracyTest, RefusesAnOutputThatIsNoLogitsBeforeItReadsAPicture) {
  Graph graph = linear_model(kClasses, 1e-3F);
  graph.set_output(0, graph.inputs()[0]);
  samples_[0].path = "missing.jpg";
  expect_error(ErrorCode::kUnsupported, "expected float32 logits [N, classes]",
               [&] { evaluate_accuracy(graph, samples_, options_); });
}

TEST(RankOf, PrefersTheLowerClassAmongEqualLogits) {
  const std::vector<float> logits = {1, 3, 3, -1};
  EXPECT_EQ(rank_of(logits, 1), 0);
  EXPECT_EQ(rank_of(logits, 2), 1);
  EXPECT_EQ(rank_of(logits, 0), 2);
  EXPECT_EQ(rank_of(logits, 3), 3);
}

}  // namespace
}  // namespace quern
