#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

OneOp split(const char* input, std::size_t parts) {
  OneOp op("Split");
  op.input(input).with("axis", std::int64_t{1}).outputs(parts);
  return op;
}

TEST(Split, CutsEqualOrListedParts) {
  EXPECT_EQ(split("N 6 8", 3).shape(2), "[N, 2, 8]");
  EXPECT_EQ(split("N 6 8", 2).integers({1, 5}).shape(0), "[N, 1, 8]");
  EXPECT_EQ(split("N 6 8", 2).integers({1, 5}).shape(1), "[N, 5, 8]");
  EXPECT_EQ(split("N C 8", 2).shape(1), "[N, ?, 8]");
  EXPECT_EQ(split("N C 8", 2).integers({1, 5}).shape(1), "[N, 5, 8]");
  EXPECT_EQ(OneOp("Split").unknown_input().outputs(2).shape(1), "unknown");
}

TEST(Split, RefusesPartsThatDoNotAddUp) {
  EXPECT_THAT(split("N 6", 4).error(), HasSubstr("an extent of 6 into 4 equal parts"));
  EXPECT_THAT(split("N 6", 2).integers({1, 4}).error(), HasSubstr("parts that add up to 5"));
  EXPECT_THAT(split("N 6", 2).integers({6}).error(), HasSubstr("1 sizes for 2 outputs"));
  EXPECT_THAT(split("N 6", 2).integers({7, -1}).error(), HasSubstr("a part of extent -1"));
  EXPECT_THAT(split("N 6", 2).input("2", DType::kInt64).error(ErrorCode::kUnsupported),
              HasSubstr("the sizes 'in1' of Split are not constant"));
}

}  // namespace
}  // namespace quern
