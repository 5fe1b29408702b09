#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

OneOp pad(const char* input, const std::vector<std::int64_t>& pads) {
  OneOp op("Pad");
  op.input(input).integers(pads);
  return op;
}

TEST(Pad, AddsAndTakesElements) {
  EXPECT_EQ(pad("N 3 8 8", {0, 0, 1, 2, 0, 0, 3, 4}).shape(), "[N, 3, 12, 14]");
  EXPECT_EQ(pad("N 3 8 8", {0, 0, -1, 0, 0, 0, -2, 0}).shape(), "[N, 3, 5, 8]");
  EXPECT_EQ(pad("N 3", {1, 0, 0, 0}).shape(), "[?, 3]");
  EXPECT_EQ(pad("N 3", {0, 1, 0, 0}).with("mode", std::string("edge")).shape(), "[N, 4]");
  EXPECT_EQ(OneOp("Pad").unknown_input().integers({0, 0}).shape(), "unknown");
}

TEST(Pad, LeavesTheGridOnlyForABorderOffZero) {
  EXPECT_EQ(pad("N 3", {0, 1, 0, 0}).role(), QuantRole::kPreserving);
  EXPECT_EQ(pad("N 3", {0, 1, 0, 0}).weight({}).role(), QuantRole::kPreserving);
  EXPECT_EQ(pad("N 3", {0, 1, 0, 0}).constant(Tensor::scalar(-1.0f)).role(), QuantRole::kFloat);
  EXPECT_EQ(pad("N 3", {0, 1, 0, 0})
                .constant(Tensor::scalar(-1.0f))
                .with("mode", std::string("reflect"))
                .role(),
            QuantRole::kPreserving);
}

TEST(Pad, RefusesWhatIsWrong) {
  EXPECT_THAT(pad("N 3", {1, 1}).error(),
              HasSubstr("Pad has 2 pads for an input of shape [N, 3], expected 4"));
  EXPECT_THAT(pad("N 3", {0, -2, 0, -2}).error(),
              HasSubstr("Pad takes 4 elements from an extent of 3"));
  EXPECT_THAT(pad("N 3", {0, std::int64_t{1} << 62, 0, 0}).error(),
              HasSubstr("Pad adds 4611686018427387904 elements to one axis"));
  EXPECT_THAT(
      pad("N 3", {0, 1, 0, 0}).with("mode", std::string("wrap")).error(ErrorCode::kUnsupported),
      HasSubstr("the mode of Pad is 'wrap' (supported: constant, reflect, edge)"));
  EXPECT_THAT(OneOp("Pad").input("N 3").input("4", DType::kInt64).error(ErrorCode::kUnsupported),
              HasSubstr("the pads 'in1' of Pad are not constant"));
}

}  // namespace
}  // namespace quern
