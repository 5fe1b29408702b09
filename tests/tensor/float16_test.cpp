#include "quern/tensor/float16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace quern {
namespace {

TEST(Float16, WidensNumbersOfEveryKind) {
  EXPECT_EQ(widen_float16(0x3C00), 1.0F);
  EXPECT_EQ(widen_float16(0xC000), -2.0F);
  EXPECT_EQ(widen_float16(0x7BFF), 65504.0F);
  EXPECT_EQ(widen_float16(0x0400), std::ldexp(1.0F, -14));
  EXPECT_EQ(widen_float16(0x0001), std::ldexp(1.0F, -24));
  EXPECT_TRUE(std::signbit(widen_float16(0x8000)));
  EXPECT_EQ(widen_float16(0xFC00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(widen_float16(0x7C01)));
}

TEST(Float16, WidensBfloat16ToTheUpperHalf) {
  EXPECT_EQ(widen_bfloat16(0x3F80), 1.0F);
  EXPECT_EQ(widen_bfloat16(0xC040), -3.0F);
  EXPECT_TRUE(std::isnan(widen_bfloat16(0x7FC0)));
}

}  // namespace
}  // namespace quern
