#include "quern/evaluate/wrong_answers.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Sums and quotients of a few doubles.
constexpr double kRounding = 1e-12;

TEST(WrongAnswers, OfSeveralOutputsNameTheSurestFirst) {
  const std::vector<float> logits = {-1,  2,    // right
                                     0.5, -3,   // wrong at both, most at the second
                                     4,   -1};  // wrong at the first
  const std::vector<float> targets = {0, 1, 0, 1, 0, 0};
  const std::vector<WrongAnswer> wrong = wrong_answers(logits, targets, 2, true);
  ASSERT_EQ(wrong.size(), 2);
  EXPECT_EQ(wrong[0].picture, 2);
  EXPECT_THAT(wrong[0].truth, IsEmpty());
  EXPECT_THAT(wrong[0].answer, ElementsAre(0));
  EXPECT_NEAR(wrong[0].confidence, 1 / (1 + std::exp(-4.0)), kRounding);
  EXPECT_EQ(wrong[1].picture, 1);
  EXPECT_THAT(wrong[1].truth, ElementsAre(1));
  EXPECT_NEAR(wrong[1].confidence, 1 / (1 + std::exp(-3.0)), kRounding);
}

TEST(WrongAnswers, OfOneClassComeWithTheProbabilityOfTheirSoftmax) {
  const std::vector<float> logits = {0, 1, 0,   // right
                                     2, 2, 1};  // the lower of two equals
  const std::vector<float> targets = {0, 1, 0, 0, 1, 0};
  const std::vector<WrongAnswer> wrong = wrong_answers(logits, targets, 3, false);
  ASSERT_EQ(wrong.size(), 1);
  EXPECT_EQ(wrong[0].picture, 1);
  EXPECT_THAT(wrong[0].truth, ElementsAre(1));
  EXPECT_THAT(wrong[0].answer, ElementsAre(0));
  EXPECT_NEAR(wrong[0].confidence, 1 / (2 + std::exp(-1.0)), kRounding);
}

TEST(WrongAnswers, RefuseSizesThatDoNotFit) {
  const std::vector<float> three = {1, 2, 3};
  test::expect_error(ErrorCode::kInvalidArgument, "3 logits and 3 targets are no rows of 2",
                     [&] { wrong_answers(three, three, 2, true); });
}

}  // namespace
}  // namespace quern
