#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

TEST(Gemm, HasShapeAndCost) {
  EXPECT_EQ(OneOp("Gemm").input("N 5").weight({5, 7}).shape(), "[N, 7]");
  EXPECT_EQ(OneOp("Gemm").input("N 5").weight({7, 5}).with("transB", 1L).shape(), "[N, 7]");
  EXPECT_EQ(OneOp("Gemm").input("5 4").weight({5, 7}).with("transA", 1L).shape(), "[4, 7]");
  EXPECT_EQ(OneOp("Gemm").input("4 5").weight({7, 5}).with("transB", 1L).macs(), 35);
  EXPECT_EQ(OneOp("Gemm").input("N 5").weight({5, 7}).role(), QuantRole::kCompute);
}

TEST(Gemm, TakesAnAddendThatBroadcastsToTheProduct) {
  for (const Shape& addend : {Shape{7}, Shape{1, 7}, Shape{}, Shape{1}}) {
    EXPECT_EQ(OneOp("Gemm").input("N 5").weight({5, 7}).weight(addend).shape(), "[N, 7]");
  }
  EXPECT_THAT(OneOp("Gemm").input("N 5").weight({5, 7}).weight({6}).error(),
              HasSubstr("of shape [6] to a product of shape [N, 7]"));
  EXPECT_THAT(OneOp("Gemm").input("1 5").weight({5, 7}).weight({3, 7}).error(),
              HasSubstr("to a product of shape [1, 7]"));
  EXPECT_THAT(OneOp("Gemm").input("1 5").weight({5, 7}).weight({1, 1, 7}).error(),
              HasSubstr("to a product of shape [1, 7]"));
}

TEST(Gemm, RefusesWhatDoesNotMultiply) {
  EXPECT_THAT(OneOp("Gemm").input("N 5").weight({4, 7}).error(),
              HasSubstr("Gemm multiplies [N, 5] by [4, 7]: the inner extents differ"));
  EXPECT_THAT(OneOp("Gemm").input("N 5 1").weight({5, 7}).error(),
              HasSubstr("of shape [N, 5, 1], expected a matrix"));
}

TEST(Gemm, LeavesAnUnknownInputUnknown) {
  EXPECT_EQ(OneOp("Gemm").unknown_input().weight({5, 7}).shape(), "unknown");
}

}  // namespace
}  // namespace quern
