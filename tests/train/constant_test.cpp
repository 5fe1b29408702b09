#include <gtest/gtest.h>

#include "quern/train/schedule.h"

namespace quern {
namespace {

TEST(Constant, StaysAsGiven) {
  const auto schedule = make_constant({.learning_rate = 0.25});
  EXPECT_EQ(schedule->rate(0), 0.25);
  EXPECT_EQ(schedule->rate(99.5), 0.25);
}

}  // namespace
}  // namespace quern
