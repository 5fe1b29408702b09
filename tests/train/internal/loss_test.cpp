#include "quern/train/internal/loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

/// Of float32 exponentials and logarithms near 1.
constexpr double kRoundings = 1e-6;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

at::Tensor row(std::vector<float> values) { return at::tensor(values, at::kFloat).view({1, -1}); }

TEST(CrossEntropy, IsTheLogarithmOfTheRightClassesShare) {
  const auto loss = make_cross_entropy({}, 3);
  const double expected = -std::log(std::exp(2.0) / (std::exp(1.0) + std::exp(2.0) + 1));
  EXPECT_NEAR((*loss)(row({1, 2, 0}), row({0, 1, 0})).item<double>(), expected, kRoundings);
}

TEST(CrossEntropy, SmoothingLeavesAShareOfEveryAnswerOpen) {
  const auto loss = make_cross_entropy({.label_smoothing = 0.3}, 3);
  const auto plain = make_cross_entropy({}, 3);
  EXPECT_NEAR((*loss)(row({1, 2, 0}), row({0, 1, 0})).item<double>(),
              (*plain)(row({1, 2, 0}), row({0.1F, 0.8F, 0.1F})).item<double>(), kRoundings);
}

TEST(BinaryCrossEntropy, SumsTheOutputs) {
  const auto loss = make_binary_cross_entropy({}, 2);
  const double expected = -std::log(sigmoid(0.5)) - std::log(1 - sigmoid(-2));
  EXPECT_NEAR((*loss)(row({0.5F, -2}), row({1, 0})).item<double>(), expected, kRoundings);
}

TEST(BinaryCrossEntropy, AWeightIsOfPositivesAlone) {
  const auto loss = make_binary_cross_entropy({.positive_weights = {0.8, 1}}, 2);
  const double smoke = -std::log(sigmoid(0.5));
  const double no_fire = -std::log(1 - sigmoid(-2));
  EXPECT_NEAR((*loss)(row({0.5F, -2}), row({1, 0})).item<double>(), 0.8 * smoke + no_fire,
              kRoundings);
  const double no_smoke = -std::log(1 - sigmoid(0.5));
  EXPECT_NEAR((*loss)(row({0.5F, -2}), row({0, 0})).item<double>(), no_smoke + no_fire, kRoundings);
}

TEST(BinaryCrossEntropy, SmoothingDrawsAnswersToTheMiddle) {
  const auto loss = make_binary_cross_entropy({.label_smoothing = 0.2}, 1);
  const auto plain = make_binary_cross_entropy({}, 1);
  EXPECT_NEAR((*loss)(row({0.5F}), row({1})).item<double>(),
              (*plain)(row({0.5F}), row({0.9F})).item<double>(), kRoundings);
}

TEST(Losses, AreTheMeanOverTheBatch) {
  for (const LossDef& definition : losses()) {
    const auto loss = definition.make({}, 2);
    const at::Tensor logits = at::tensor({1, 0, -1, 3}, at::kFloat).view({2, 2});
    const at::Tensor targets = at::tensor({1, 0, 0, 1}, at::kFloat).view({2, 2});
    const double first = (*loss)(row({1, 0}), row({1, 0})).item<double>();
    const double second = (*loss)(row({-1, 3}), row({0, 1})).item<double>();
    EXPECT_NEAR((*loss)(logits, targets).item<double>(), (first + second) / 2, kRoundings);
  }
}

TEST(Losses, TheDistanceFromATeacherIsItsDivergence) {
  // Two classes and one yes-or-no are the same distribution where the logits' difference is equal.
  const double t = 2;
  const double p = sigmoid(1.5 / t);
  const double q = sigmoid(-0.5 / t);
  const double expected = t * t * (p * std::log(p / q) + (1 - p) * std::log((1 - p) / (1 - q)));
  EXPECT_NEAR(
      make_cross_entropy({}, 2)->distance(row({-0.5F, 0}), row({1.5F, 0}), t).item<double>(),
      expected, kRoundings);
  EXPECT_NEAR(
      make_binary_cross_entropy({}, 1)->distance(row({-0.5F}), row({1.5F}), t).item<double>(),
      expected, kRoundings);
}

TEST(Losses, NoDistanceFromAnEqualTeacher) {
  for (const LossDef& definition : losses()) {
    const auto loss = definition.make({}, 3);
    EXPECT_NEAR(loss->distance(row({1, -2, 3}), row({1, -2, 3}), 4).item<double>(), 0, kRoundings);
  }
}

TEST(Losses, RefuseWeightsThatDoNotFit) {
  test::expect_error(ErrorCode::kInvalidArgument,
                     "train.positive_weights has 1 weights, the network has 2 outputs",
                     [] { make_binary_cross_entropy({.positive_weights = {1}}, 2); });
  test::expect_error(ErrorCode::kInvalidArgument, "belongs to the loss 'binary_cross_entropy'",
                     [] { make_cross_entropy({.positive_weights = {1}}, 1); });
}

}  // namespace
}  // namespace quern
