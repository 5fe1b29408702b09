#include "quern/runtime/window.h"

#include <gtest/gtest.h>

namespace quern {
namespace {

TEST(Window, FindsTheTapsInside) {
  for (std::int32_t origin = -9; origin <= 9; ++origin) {
    for (std::int32_t dilation = 1; dilation <= 3; ++dilation) {
      for (std::int32_t taps = 1; taps <= 4; ++taps) {
        const QuernTaps inside = quern_taps_inside(origin, dilation, taps, 5);
        for (std::int32_t tap = 0; tap < taps; ++tap) {
          const std::int32_t at = origin + tap * dilation;
          EXPECT_EQ(tap >= inside.begin && tap < inside.end, at >= 0 && at < 5)
              << "tap " << tap << " at " << at;
        }
        EXPECT_LE(inside.begin, inside.end);
      }
    }
  }
}

}  // namespace
}  // namespace quern
