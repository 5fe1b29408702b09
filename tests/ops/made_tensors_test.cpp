#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

TEST(ConstantOfShape, HasTheShapeNamed) {
  EXPECT_EQ(OneOp("ConstantOfShape").integers({2, 3}).shape(), "[2, 3]");
  EXPECT_EQ(OneOp("ConstantOfShape").input("2", DType::kInt64).shape(), "[?, ?]");
  EXPECT_EQ(OneOp("ConstantOfShape").input("N", DType::kInt64).shape(), "unknown");
  EXPECT_EQ(
      OneOp("ConstantOfShape").integers({2}).with("value", Tensor::scalar<std::int64_t>(1)).dtype(),
      DType::kInt64);
  EXPECT_THAT(OneOp("ConstantOfShape").integers({-2}).error(),
              HasSubstr("ConstantOfShape makes an extent of -2"));
  EXPECT_THAT(OneOp("ConstantOfShape").integers({1L << 50}).error(),
              HasSubstr("ConstantOfShape makes an extent of 1125899906842624"));
  EXPECT_THAT(
      OneOp("ConstantOfShape").integers({2}).with("value", Tensor(DType::kFloat32, {2})).error(),
      HasSubstr("ConstantOfShape repeats 2 elements"));
  EXPECT_THAT(OneOp("ConstantOfShape").integers({1L << 30, 1L << 30}).error(),
              HasSubstr("has more than"));
}

TEST(Expand, Broadcasts) {
  EXPECT_EQ(OneOp("Expand").input("N 1 3").integers({4, 1}).shape(), "[N, 4, 3]");
  EXPECT_EQ(OneOp("Expand").unknown_input().integers({4}).shape(), "unknown");
  EXPECT_THAT(OneOp("Expand").input("2 3").integers({4}).error(),
              HasSubstr("Expand turns [2, 3] into [4]"));
}

TEST(Range, HasOneFreeAxis) {
  OneOp range("Range");
  range.input("", DType::kInt64).input("", DType::kInt64).input("", DType::kInt64);
  EXPECT_EQ(range.shape(), "[?]");
  EXPECT_EQ(range.dtype(), DType::kInt64);
}

}  // namespace
}  // namespace quern
