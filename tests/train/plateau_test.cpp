#include <gtest/gtest.h>

#include "quern/train/schedule.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

const TrainRecipe kRecipe = {
    .learning_rate = 1, .factor = 0.5, .patience = 2, .threshold = 0.1, .floor = 0.2};

TEST(Plateau, WaitsForItsPatienceThenMultiplies) {
  const auto schedule = make_plateau(kRecipe);
  schedule->end_epoch(1.0);
  // Not better by more than a tenth: two are borne, the third lowers the rate.
  for (const double loss : {0.95, 0.91}) {
    schedule->end_epoch(loss);
    EXPECT_EQ(schedule->rate(0), 1);
  }
  schedule->end_epoch(0.92);
  EXPECT_EQ(schedule->rate(0), 0.5);
}

TEST(Plateau, ABetterLossStartsTheWaitAnew) {
  const auto schedule = make_plateau(kRecipe);
  for (const double loss : {1.0, 1.0, 1.0, 0.5, 0.5, 0.5}) schedule->end_epoch(loss);
  EXPECT_EQ(schedule->rate(0), 1);
  schedule->end_epoch(0.5);
  EXPECT_EQ(schedule->rate(0), 0.5);
}

TEST(Plateau, NeverFallsBelowTheFloor) {
  const auto schedule = make_plateau(kRecipe);
  for (int epoch = 0; epoch < 20; ++epoch) schedule->end_epoch(1.0);
  EXPECT_EQ(schedule->rate(0), 0.2);
}

TEST(Plateau, GoesOnFromItsState) {
  const auto whole = make_plateau(kRecipe);
  for (const double loss : {1.0, 1.0, 1.0}) whole->end_epoch(loss);
  const auto resumed = make_plateau(kRecipe);
  resumed->restore(whole->state());
  whole->end_epoch(1.0);
  resumed->end_epoch(1.0);
  EXPECT_EQ(resumed->rate(0), 0.5);
  EXPECT_EQ(resumed->state(), whole->state());
  test::expect_error(ErrorCode::kParse, "a state of 1 numbers, expected 3",
                     [&] { resumed->restore({1.0}); });
}

}  // namespace
}  // namespace quern
