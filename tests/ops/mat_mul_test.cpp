#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

std::string shape(const char* a, const char* b) {
  return OneOp("MatMul").input(a).input(b).shape();
}

TEST(MatMul, FollowsNumpy) {
  EXPECT_EQ(shape("N 5", "5 7"), "[N, 7]");
  EXPECT_EQ(shape("N 3 5", "5 7"), "[N, 3, 7]");
  EXPECT_EQ(shape("N 3 5", "1 5 7"), "[N, 3, 7]");
  EXPECT_EQ(shape("2 1 3 5", "4 5 7"), "[2, 4, 3, 7]");
  EXPECT_EQ(shape("5", "5 7"), "[7]");
  EXPECT_EQ(shape("N 5", "5"), "[N]");
  EXPECT_EQ(shape("5", "5"), "[]");
  EXPECT_EQ(OneOp("MatMul").unknown_input().input("5 7").shape(), "unknown");
}

TEST(MatMul, CountsOneSample) {
  EXPECT_EQ(OneOp("MatMul").input("4 5").weight({5, 7}).macs(), 35);
  EXPECT_EQ(OneOp("MatMul").input("N 3 5").weight({5, 7}).macs(), 3 * 35);
  EXPECT_EQ(OneOp("MatMul").input("5").weight({5}).macs(), 5);
}

TEST(MatMul, RefusesWhatDoesNotMultiply) {
  EXPECT_THAT(OneOp("MatMul").input("N 5").weight({4, 7}).error(),
              HasSubstr("MatMul multiplies [N, 5] by [4, 7]: the inner extents differ"));
  EXPECT_THAT(OneOp("MatMul").input("2 3 5").weight({3, 5, 7}).error(),
              HasSubstr("the stacks do not broadcast"));
  EXPECT_THAT(OneOp("MatMul").input("N 5").weight({}).error(), HasSubstr("MatMul reads a scalar"));
}

}  // namespace
}  // namespace quern
