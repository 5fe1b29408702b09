#include "quern/ops/shape_rules.h"

#include <gtest/gtest.h>

#include "tests/ops/one_op.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;
using test::OneOp;

TEST(ShapeRules, SameTakesTypeAndDims) {
  OneOp op("Identity");
  op.input("N 3", DType::kInt32);
  const std::vector<ValueType> types = infer_same(op.graph(), op.node());

  ASSERT_EQ(types.size(), 1U);
  EXPECT_EQ(types[0].dtype, DType::kInt32);
  EXPECT_EQ(types[0].dims, test::dims("N 3"));
}

TEST(ShapeRules, TypesHaveToAgreeWherePresent) {
  OneOp op("Clip");
  op.input("N 3").omitted().constant(Tensor(DType::kInt64, {}));

  EXPECT_NO_THROW(check_same_type(op.graph(), op.node(), 0, 1));
  EXPECT_NO_THROW(check_same_type(op.graph(), op.node(), 0, 7));
  expect_error(ErrorCode::kParse, "Clip reads 'in0' of type float32 together with",
               [&] { check_same_type(op.graph(), op.node(), 0, 2); });
}

TEST(ShapeRules, APerChannelInputIsAVectorOfTheChannels) {
  OneOp op("Conv");
  op.input("N 3 8 8").input("3 1").input("3").unknown_input();

  EXPECT_NO_THROW(check_per_channel(op.graph(), op.node(), 2, {3, ""}));
  EXPECT_NO_THROW(check_per_channel(op.graph(), op.node(), 2, {-1, "C"}));
  EXPECT_NO_THROW(check_per_channel(op.graph(), op.node(), 9, {3, ""}));
  for (const std::size_t wrong : {0, 1}) {
    expect_error(ErrorCode::kParse, "expected [3]", [&] {
      check_per_channel(op.graph(), op.node(), wrong, {3, ""});
    });
  }
  expect_error(ErrorCode::kParse, "of shape [3], expected [4]", [&] {
    check_per_channel(op.graph(), op.node(), 2, {4, ""});
  });
}

}  // namespace
}  // namespace quern
