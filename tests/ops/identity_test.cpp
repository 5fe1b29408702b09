#include <gtest/gtest.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;

TEST(Identity, KeepsTypeAndShape) {
  EXPECT_EQ(OneOp("Identity").input("N 3", DType::kInt32).shape(), "[N, 3]");
  EXPECT_EQ(OneOp("Identity").input("N 3", DType::kInt32).dtype(), DType::kInt32);
  EXPECT_EQ(OneOp("Identity").input("N 3").role(), QuantRole::kPreserving);
}

}  // namespace
}  // namespace quern
