#include "quern/train/schedule.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(Schedule, WarmUpRisesEvenlyToTheRate) {
  const auto schedule = make_schedule({.learning_rate = 1, .schedule = "constant", .warm_up = 2});
  EXPECT_EQ(schedule->rate(0), 0.01);
  EXPECT_EQ(schedule->rate(1), 0.5);
  EXPECT_EQ(schedule->rate(2), 1);
  EXPECT_EQ(schedule->rate(50), 1);
}

TEST(Schedule, WarmUpKeepsTheStateOfWhatItWarms) {
  const TrainRecipe recipe = {.schedule = "plateau", .warm_up = 1};
  const auto schedule = make_schedule(recipe);
  schedule->end_epoch(0.5);
  const auto resumed = make_schedule(recipe);
  resumed->restore(schedule->state());
  EXPECT_EQ(resumed->state(), schedule->state());
}

TEST(Schedule, RefusesANameThatItDoesNotKnow) {
  test::expect_error(ErrorCode::kInvalidArgument,
                     "'cosin' is not a schedule (constant, cosine, plateau, step) (nearest: "
                     "'cosine')",
                     [] { make_schedule({.schedule = "cosin"}); });
}

TEST(Schedule, RefusesAStateThatIsNotItsOwn) {
  test::expect_error(ErrorCode::kParse, "a state of 3 numbers, expected none", [] {
    make_constant({})->restore({1, 2, 3});
  });
}

}  // namespace
}  // namespace quern
