#include <gmock/gmock.h>

#include <limits>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;
using Integers = std::vector<std::int64_t>;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

OneOp slice(const char* input, const std::vector<Integers>& lists) {
  OneOp op("Slice");
  op.input(input);
  for (const Integers& list : lists) op.integers(list);
  return op;
}

TEST(Slice, TakesRanges) {
  EXPECT_EQ(slice("N 8 9", {{1, 2}, {5, 9}, {1, 2}, {1, 3}}).shape(), "[N, 4, 3]");
  EXPECT_EQ(slice("4 8 9", {{1}, {3}}).shape(), "[2, 8, 9]");
  EXPECT_EQ(slice("N 8", {{-1}, {-kLargest}, {-1}, {-1}}).shape(), "[N, 8]");
  EXPECT_EQ(slice("N 8", {{0}, {kLargest}}).shape(), "[N, 8]");
  EXPECT_EQ(slice("N 8", {{0}, {2}}).shape(), "[?, 8]");
  EXPECT_EQ(OneOp("Slice").unknown_input().integers({0}).integers({1}).shape(), "unknown");
}

TEST(Slice, RefusesWhatIsWrong) {
  EXPECT_THAT(slice("N 8", {{0}, {1, 2}}).error(), HasSubstr("Slice reads 2 elements of"));
  EXPECT_THAT(slice("N 8", {{0}, {1}, {2}}).error(), HasSubstr("Slice names axis 2"));
  EXPECT_THAT(slice("N 8", {{0}, {1}, {1}, {0}}).error(), HasSubstr("Slice has a step of 0"));
}

TEST(Slice, RefusesBoundsComputedFromData) {
  EXPECT_THAT(OneOp("Slice")
                  .input("8")
                  .input("1", DType::kInt64)
                  .integers({1})
                  .error(ErrorCode::kUnsupported),
              HasSubstr("'in1' of Slice is not constant"));
  EXPECT_THAT(OneOp("Slice")
                  .input("8")
                  .integers({0})
                  .input("1", DType::kInt64)
                  .error(ErrorCode::kUnsupported),
              HasSubstr("'in2' of Slice is not constant"));
}

}  // namespace
}  // namespace quern
