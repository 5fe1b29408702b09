#include <gtest/gtest.h>

#include "quern/train/schedule.h"

namespace quern {
namespace {

TEST(Step, MultipliesEveryFewEpochsDownToTheFloor) {
  const auto schedule =
      make_step({.learning_rate = 1, .factor = 0.5, .step_epochs = 3, .floor = 0.2});
  EXPECT_EQ(schedule->rate(2.9), 1);
  EXPECT_EQ(schedule->rate(3), 0.5);
  EXPECT_EQ(schedule->rate(8.9), 0.25);
  EXPECT_EQ(schedule->rate(9), 0.2);
}

}  // namespace
}  // namespace quern
