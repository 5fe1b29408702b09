#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

OneOp concat(std::int64_t axis, const std::vector<const char*>& inputs) {
  OneOp op("Concat");
  op.with("axis", axis);
  for (const char* input : inputs) op.input(input);
  return op;
}

TEST(Concat, AddsTheExtentsOfOneAxis) {
  EXPECT_EQ(concat(1, {"N 3 8 8", "N 4 8 8", "N 1 8 8"}).shape(), "[N, 8, 8, 8]");
  EXPECT_EQ(concat(-1, {"2 3", "2 5"}).shape(), "[2, 8]");
  EXPECT_EQ(concat(1, {"N 3"}).shape(), "[N, 3]");
  EXPECT_EQ(concat(0, {"N 3", "2 3"}).shape(), "[?, 3]");
  EXPECT_EQ(concat(0, {"N 3", "0 3"}).shape(), "[N, 3]");
  EXPECT_EQ(concat(1, {"N 3 H", "2 3 8"}).shape(), "[2, 6, 8]");
  EXPECT_EQ(concat(1, {"N 3"}).unknown_input().shape(), "unknown");
  EXPECT_EQ(concat(1, {"N 3"}).role(), QuantRole::kJoin);
}

TEST(Concat, RefusesWhatDoesNotFit) {
  EXPECT_THAT(concat(1, {"N 3 8", "N 3 9"}).error(),
              HasSubstr("Concat joins [N, 3, 8] and [N, 3, 9] along axis 1"));
  EXPECT_THAT(concat(1, {"N 3 8", "N 3"}).error(), HasSubstr("another extent differs"));
  EXPECT_THAT(concat(2, {"N 3"}).error(), HasSubstr("Concat names axis 2 of a value with 2 axes"));
  EXPECT_THAT(concat(1, {"N 3"}).input("N 3", DType::kInt64).error(),
              HasSubstr("of type int64 together with float32"));
  EXPECT_THAT(concat(1, {"N 3"}).omitted().error(), HasSubstr("Concat lacks input 1"));
}

}  // namespace
}  // namespace quern
