#include "quern/ops/resize_taps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quern {
namespace {

using testing::ElementsAre;

ResizeMode nearest(const std::string& coordinates, const std::string& rounding) {
  return {.is_nearest = true, .coordinates = coordinates, .rounding = rounding};
}

ResizeMode linear(const std::string& coordinates) {
  return {.is_nearest = false, .coordinates = coordinates};
}

TEST(ResizeTaps, NearestReadsOneElementByItsRounding) {
  // Twice as long: the positions −0.25, 0.25, 0.75, 1.25.
  EXPECT_THAT(resize_taps(nearest("half_pixel", "floor"), 2, 4, 2).low, ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(resize_taps(nearest("half_pixel", "ceil"), 2, 4, 2).low, ElementsAre(0, 1, 1, 1));
  // 0, 0.5, 1, 1.5: ties.
  EXPECT_THAT(resize_taps(nearest("asymmetric", "round_prefer_floor"), 2, 4, 2).low,
              ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(resize_taps(nearest("asymmetric", "round_prefer_ceil"), 2, 4, 2).low,
              ElementsAre(0, 1, 1, 1));
}

TEST(ResizeTaps, LinearWeighsTwoNeighboursAndStaysInside) {
  const ResizeTaps taps = resize_taps(linear("half_pixel"), 2, 4, 2);
  EXPECT_THAT(taps.low, ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(taps.high, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(taps.weight, ElementsAre(0, 0.25F, 0.75F, 0));
}

TEST(ResizeTaps, AlignedCornersMeet) {
  const ResizeTaps taps = resize_taps(linear("align_corners"), 3, 5, 5.0F / 3.0F);
  EXPECT_THAT(taps.low, ElementsAre(0, 0, 1, 1, 2));
  EXPECT_THAT(taps.weight, ElementsAre(0, 0.5F, 0, 0.5F, 0));
  EXPECT_THAT(resize_taps(linear("align_corners"), 3, 1, 1.0F / 3.0F).low, ElementsAre(0));
}

TEST(ResizeTaps, OneOutputIsTheFirstElementInPyTorchsHalfPixel) {
  EXPECT_THAT(resize_taps(linear("pytorch_half_pixel"), 5, 1, 0.2F).weight, ElementsAre(0));
  // Elsewhere it is the middle: 0.5 / 0.2 − 0.5 = 2.
  EXPECT_THAT(resize_taps(linear("half_pixel"), 5, 1, 0.2F).low, ElementsAre(2));
}

TEST(ResizeTaps, TheSameExtentChangesNothing) {
  EXPECT_THAT(resize_taps(nearest("half_pixel", "ceil"), 3, 3, 1).low, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace quern
