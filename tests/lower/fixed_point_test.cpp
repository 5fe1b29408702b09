#include "quern/lower/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>

#include "quern/base/random.h"

namespace quern {
namespace {

TEST(FixedPoint, HoldsPowersOfTwoExactly) {
  EXPECT_EQ(fixed_point(1), (FixedPoint{1 << 30, 30}));
  EXPECT_EQ(fixed_point(-0.25), (FixedPoint{-(1 << 30), 32}));
  EXPECT_EQ(fixed_point(0)->multiplier, 0);
}

TEST(FixedPoint, IsWithinHalfAStepOfThirtyOneBits) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const double value =
        random.uniform(-1, 1) * std::ldexp(1.0, static_cast<int>(random.integer(-20, 20)));
    const FixedPoint found = fixed_point(value).value();
    EXPECT_GE(std::abs(std::int64_t{found.multiplier}), std::int64_t{1} << 30);
    EXPECT_LE(std::abs(std::ldexp(found.multiplier, -found.shift) - value),
              std::abs(value) * std::ldexp(1.0, -31))
        << value;
  }
}

TEST(FixedPoint, RoundsUpIntoTheNextPowerOfTwo) {
  EXPECT_EQ(fixed_point(1 - std::ldexp(1.0, -40)), (FixedPoint{1 << 30, 30}));
}

TEST(FixedPoint, LosesBitsWhereTheShiftEnds) {
  EXPECT_EQ(fixed_point(std::ldexp(1.0, -60)), (FixedPoint{4, 62}));
  EXPECT_EQ(fixed_point(std::ldexp(1.0, -70))->multiplier, 0);
}

TEST(FixedPoint, EndsBelowTwoToTheThirty) {
  EXPECT_EQ(fixed_point(std::ldexp(1.0, 29)), (FixedPoint{1 << 30, 1}));
  EXPECT_FALSE(fixed_point(std::ldexp(1.0, 30)).has_value());
}

}  // namespace
}  // namespace quern
