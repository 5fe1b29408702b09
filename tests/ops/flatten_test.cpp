#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;

std::string flattened(const char* input, std::int64_t axis) {
  return OneOp("Flatten").input(input).with("axis", axis).shape();
}

TEST(Flatten, MakesAMatrix) {
  EXPECT_EQ(OneOp("Flatten").input("N 1280 1 1").shape(), "[N, 1280]");
  EXPECT_EQ(flattened("2 3 4 5", 0), "[1, 120]");
  EXPECT_EQ(flattened("2 3 4 5", 2), "[6, 20]");
  EXPECT_EQ(flattened("2 3 4 5", 4), "[120, 1]");
  EXPECT_EQ(flattened("2 3 4 5", -1), "[24, 5]");
  EXPECT_EQ(flattened("1 N 1", 2), "[N, 1]");
  EXPECT_EQ(flattened("N 3 8", 2), "[?, 8]");
  EXPECT_EQ(OneOp("Flatten").unknown_input().shape(), "unknown");
}

TEST(Flatten, RefusesAnAxisOutside) {
  EXPECT_THAT(OneOp("Flatten").input("2 3").with("axis", std::int64_t{3}).error(),
              testing::HasSubstr("Flatten names axis 3 of a value with 2 axes"));
}

}  // namespace
}  // namespace quern
