#include "quern/quantizers/repeated.h"

#include <gmock/gmock.h>

namespace quern {
namespace {

TEST(Repeated, PeriodsAreWholePixelsThatFillVectors) {
  EXPECT_EQ(repeated_period(1), 256);
  EXPECT_EQ(repeated_period(24), 240);
  EXPECT_EQ(repeated_period(300), 300);
}

TEST(Repeated, RepeatsValuesOrTheFallback) {
  EXPECT_THAT(repeated({1, 2}, 0, 5), testing::ElementsAre(1, 2, 1, 2, 1));
  EXPECT_THAT(repeated({}, 7, 2), testing::ElementsAre(7, 7));
}

}  // namespace
}  // namespace quern
