#include "quern/evaluate/multi_label.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/encode_jpeg.h"
#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;
using testing::HasSubstr;

/// Sums of a few terms of double.
constexpr double kRounding = 1e-12;

TEST(MultiLabelMetrics, AreThoseOfTheTable) {
  // Output a: yes yes no no against 1 0 1 0; output b: no yes no yes against 0 1 0 1.
  const std::vector<float> logits = {0, -1, 2, 3, -0.5, -1, -2, 1};
  const std::vector<std::uint8_t> targets = {1, 0, 0, 1, 1, 0, 0, 1};
  const MultiLabelMetrics metrics = multi_label_metrics({"a", "b"}, logits, targets);
  EXPECT_THAT(metrics.confusion, ElementsAre(Confusion{1, 1, 1, 1}, Confusion{2, 0, 0, 2}));
  EXPECT_EQ(metrics.confusion[0].precision(), 0.5);
  EXPECT_EQ(metrics.confusion[0].recall(), 0.5);
  EXPECT_EQ(metrics.confusion[0].f1(), 0.5);
  EXPECT_EQ(metrics.macro_f1, 0.75);
  EXPECT_EQ(metrics.exact_match, 0.5);
  EXPECT_EQ(metrics.images, 4);
  // Always yes: precision 1/2, recall 1.
  EXPECT_NEAR(metrics.floor_macro_f1, 2.0 / 3.0, kRounding);
}

TEST(MultiLabelMetrics, HaveTheF1OfPrecisionAndRecall) {
  const Confusion confusion{7, 2, 5, 90};
  const double precision = 7.0 / 9;
  const double recall = 7.0 / 12;
  EXPECT_NEAR(confusion.f1(), 2 * precision * recall / (precision + recall), kRounding);
}

TEST(MultiLabelMetrics, AreZeroWhereThereIsNothingToDivide) {
  const MultiLabelMetrics metrics =
      multi_label_metrics({"a"}, std::vector<float>{-1, -1}, std::vector<std::uint8_t>{0, 0});
  EXPECT_EQ(metrics.confusion[0].precision(), 0);
  EXPECT_EQ(metrics.confusion[0].recall(), 0);
  EXPECT_EQ(metrics.macro_f1, 0);
  EXPECT_EQ(metrics.exact_match, 1);
}

TEST(MultiLabelMetrics, RefuseTablesOfOtherSizes) {
  const std::vector<float> logits(4);
  expect_error(ErrorCode::kInvalidArgument, "4 logits and 2 targets of 2 outputs do not belong",
               [&] {
                 multi_label_metrics({"a", "b"}, logits, std::vector<std::uint8_t>(2));
               });
  expect_error(ErrorCode::kInvalidArgument, "of 0 outputs",
               [&] { multi_label_metrics({}, logits, std::vector<std::uint8_t>(4)); });
}

constexpr int kSide = 4;

/// logits = Gemm(Flatten(x), w, bias): red minus blue, and blue minus red, scaled.
Graph red_or_blue(float scale, std::int64_t outputs = 2) {
  Graph graph;
  constexpr std::int64_t kPixels = kSide * kSide;
  const ValueId x =
      graph.add_input("x", DType::kFloat32, {{-1, "N"}, {3, ""}, {kSide, ""}, {kSide, ""}});
  std::vector<float> weights(outputs * 3 * kPixels);
  for (std::int64_t i = 0; i < kPixels; ++i) {
    weights[i] = scale;
    weights[2 * kPixels + i] = -scale;
    if (outputs < 2) continue;
    weights[3 * kPixels + i] = -scale;
    weights[5 * kPixels + i] = scale;
  }
  const ValueId w =
      graph.add_constant("fc.weight", Tensor::of<float>({outputs, 3 * kPixels}, weights));
  const ValueId flat = graph.add_value("flat", DType::kFloat32, Dims{{-1, "N"}, {3 * kPixels, ""}});
  const ValueId y = graph.add_value("logits", DType::kFloat32, Dims{{-1, "N"}, {outputs, ""}});
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

/// Twelve pictures, red and blue in turn; "red" and "blue" are the outputs.
class EvaluateMultiLabel : public testing::Test {
 protected:
  EvaluateMultiLabel() {
    set_.outputs = {"red", "blue"};
    for (int i = 0; i < 12; ++i) {
      Image picture{.width = 8, .height = 8, .pixels = std::vector<std::uint8_t>(3 * 64)};
      for (int p = 0; p < 64; ++p) picture.pixels[3 * p + (i % 2 == 0 ? 0 : 2)] = 200;
      set_.samples.push_back({.path = folder_ / fmt::format("{}.jpg", i), .label = -1});
      write_file(set_.samples.back().path, encode_jpeg(picture, 90));
      set_.targets.push_back(i % 2 == 0 ? 1 : 0);
      set_.targets.push_back(i % 2 == 0 ? 0 : 1);
    }
    loader_.preprocessing.resize = kSide;
    loader_.preprocessing.crop = kSide;
    loader_.preprocessing.mean = {0, 0, 0};
    loader_.preprocessing.std = {1, 1, 1};
    loader_.threads = 2;
  }

  test::TemporaryFolder folder_;
  LabelledSet set_;
  LoaderOptions loader_;
};

TEST_F(EvaluateMultiLabel, ComparesSignsWithTargets) {
  set_.targets[0] = 0;  // The first picture is red and said not to be.
  const MultiLabelMetrics metrics = evaluate_multi_label(red_or_blue(1), set_, loader_);
  EXPECT_THAT(metrics.outputs, ElementsAre("red", "blue"));
  EXPECT_THAT(metrics.confusion, ElementsAre(Confusion{5, 1, 0, 6}, Confusion{6, 0, 0, 6}));
  EXPECT_NEAR(metrics.macro_f1, (10.0 / 11 + 1) / 2, kRounding);
  EXPECT_NEAR(metrics.exact_match, 11.0 / 12, kRounding);
  EXPECT_EQ(metrics.images, 12);
  EXPECT_FALSE(metrics.sqnr_db);
}

TEST_F(EvaluateMultiLabel, HoldsAReferenceAgainstIt) {
  const Graph model = red_or_blue(1);
  const Graph same = red_or_blue(2);
  const Graph opposite = red_or_blue(-1);
  const MultiLabelMetrics alike = evaluate_multi_label(model, set_, loader_, &same);
  EXPECT_EQ(*alike.agreement, 1);
  EXPECT_EQ(*alike.reference_macro_f1, 1);
  EXPECT_NEAR(*alike.sqnr_db, 10 * std::log10(4.0), 1e-4);  // Half of every logit is missing.
  const MultiLabelMetrics other = evaluate_multi_label(model, set_, loader_, &opposite);
  EXPECT_EQ(*other.agreement, 0);
  EXPECT_EQ(*other.reference_macro_f1, 0);
}

TEST_F(EvaluateMultiLabel, CountsWhatItSkips) {
  for (const int bad : {0, 5}) write_file(set_.samples[bad].path, std::string_view("text"));
  loader_.skip_bad = true;
  loader_.batch_size = 1;  // So that whole batches are empty.
  const MultiLabelMetrics metrics = evaluate_multi_label(red_or_blue(1), set_, loader_);
  EXPECT_EQ(metrics.images, 10);
  EXPECT_THAT(metrics.skipped, ElementsAre(HasSubstr("0.jpg"), HasSubstr("5.jpg")));
  EXPECT_EQ(metrics.macro_f1, 1);
}

TEST_F(EvaluateMultiLabel, RefusesWhatDoesNotFit) {
  expect_error(ErrorCode::kInvalidArgument, "the network has 1 outputs, the data set 2",
               [&] { evaluate_multi_label(red_or_blue(1, 1), set_, loader_); });
  LabelledSet classes = set_;
  classes.targets.clear();
  expect_error(ErrorCode::kInvalidArgument, "one class a picture, expected several outputs",
               [&] { evaluate_multi_label(red_or_blue(1), classes, loader_); });

  Graph probable = red_or_blue(1);
  const ValueId logits = probable.outputs()[0];
  const ValueId y = probable.add_value("y", DType::kFloat32, Dims{{-1, "N"}, {2, ""}});
  probable.add_node({.layer = "sigmoid", .op = "Sigmoid", .inputs = {logits}, .outputs = {y}});
  probable.set_output(0, y);
  expect_error(ErrorCode::kUnsupported, "the output of Sigmoid 'sigmoid' is a probability",
               [&] { evaluate_multi_label(probable, set_, loader_); });
}

}  // namespace
}  // namespace quern
