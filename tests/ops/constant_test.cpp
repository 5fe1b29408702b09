#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;

TEST(Constant, HasTheTypeOfItsAttribute) {
  OneOp op("Constant");
  op.with("value", Tensor(DType::kInt8, {2, 3}));

  EXPECT_EQ(op.shape(), "[2, 3]");
  EXPECT_EQ(op.dtype(), DType::kInt8);
  EXPECT_EQ(OneOp("Constant").with("value_int", std::int64_t{3}).shape(), "[]");
}

}  // namespace
}  // namespace quern
