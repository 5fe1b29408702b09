#include <gtest/gtest.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;

TEST(Shape, IsAVectorOfTheAxes) {
  EXPECT_EQ(OneOp("Shape").input("N 3 8 8").shape(), "[4]");
  EXPECT_EQ(OneOp("Shape").input("N 3 8 8").dtype(), DType::kInt64);
  EXPECT_EQ(OneOp("Shape").input("N 3 8 8").with("start", std::int64_t{2}).shape(), "[2]");
  EXPECT_EQ(OneOp("Shape").unknown_input().shape(), "[?]");
}

}  // namespace
}  // namespace quern
