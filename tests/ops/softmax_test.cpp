#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;

TEST(Softmax, KeepsTheShape) {
  EXPECT_EQ(OneOp("Softmax").input("N 10").shape(), "[N, 10]");
  EXPECT_EQ(OneOp("Softmax").input("N 10").role(), QuantRole::kFloat);
}

TEST(Softmax, RefusesAnAxisOutside) {
  EXPECT_THAT(OneOp("Softmax").input("N 10").with("axis", std::int64_t{2}).error(),
              testing::HasSubstr("Softmax names axis 2 of a value with 2 axes"));
}

}  // namespace
}  // namespace quern
