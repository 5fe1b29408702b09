#include <gtest/gtest.h>

#include "quern/train/schedule.h"

namespace quern {
namespace {

TEST(Cosine, IsHalfAWaveDownToTheFloor) {
  const auto schedule = make_cosine({.epochs = 8, .learning_rate = 1, .floor = 0.5});
  EXPECT_DOUBLE_EQ(schedule->rate(0), 1);
  EXPECT_DOUBLE_EQ(schedule->rate(4), 0.75);
  EXPECT_DOUBLE_EQ(schedule->rate(8), 0.5);
  EXPECT_DOUBLE_EQ(schedule->rate(9), 0.5);
}

TEST(Cosine, AFloorAboveTheRateIsTheRate) {
  const auto schedule = make_cosine({.epochs = 8, .learning_rate = 0.25, .floor = 0.5});
  EXPECT_DOUBLE_EQ(schedule->rate(3), 0.25);
}

}  // namespace
}  // namespace quern
