#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;
using Integers = std::vector<std::int64_t>;

struct Case {
  const char* what;
  const char* input;
  Integers kernel, strides, pads;
  std::int64_t ceil_mode;
  const char* output;
};

OneOp pool(const char* op_name, const Case& given) {
  OneOp op(op_name);
  op.input(given.input).with("kernel_shape", given.kernel).with("ceil_mode", given.ceil_mode);
  if (!given.strides.empty()) op.with("strides", given.strides);
  if (!given.pads.empty()) op.with("pads", given.pads);
  return op;
}

TEST(Pooling, MovesAWindow) {
  const Case cases[] = {
      {"halves", "N 8 16 12", {2, 2}, {2, 2}, {}, 0, "[N, 8, 8, 6]"},
      {"stride defaults to 1", "N 8 16 12", {3, 2}, {}, {}, 0, "[N, 8, 14, 11]"},
      {"drops the last row", "N 8 7 7", {2, 2}, {2, 2}, {}, 0, "[N, 8, 3, 3]"},
      {"keeps the last row", "N 8 7 7", {2, 2}, {2, 2}, {}, 1, "[N, 8, 4, 4]"},
      {"padded, as in ResNet", "N 8 112 112", {3, 3}, {2, 2}, {1, 1, 1, 1}, 0, "[N, 8, 56, 56]"},
      {"whole input", "1 8 7 7", {7, 7}, {}, {}, 0, "[1, 8, 1, 1]"},
      {"free", "N 8 H W", {2, 2}, {2, 2}, {}, 0, "[N, 8, ?, ?]"},
  };
  for (const Case& given : cases) {
    SCOPED_TRACE(given.what);
    EXPECT_EQ(pool("MaxPool", given).shape(), given.output);
    EXPECT_EQ(pool("AveragePool", given).shape(), given.output);
    EXPECT_EQ(pool("MaxPool", given).macs(), 0);
  }
}

TEST(Pooling, CountIncludePadLeavesTheShape) {
  OneOp op("AveragePool");
  op.input("N 8 7 7").with("kernel_shape", Integers{3, 3}).with("pads", Integers{1, 1, 1, 1});
  EXPECT_EQ(op.with("count_include_pad", 1L).shape(), "[N, 8, 7, 7]");
}

TEST(Pooling, ReducesAllOfHeightAndWidth) {
  for (const char* op : {"GlobalAveragePool", "GlobalMaxPool"}) {
    SCOPED_TRACE(op);
    EXPECT_EQ(OneOp(op).input("N 8 H 7").shape(), "[N, 8, 1, 1]");
    EXPECT_EQ(OneOp(op).unknown_input().shape(), "unknown");
    EXPECT_THAT(OneOp(op).input("N 8 7").error(ErrorCode::kUnsupported),
                HasSubstr("is [N, 8, 7] (supported: 2-D, [N, C, H, W])"));
    EXPECT_THAT(OneOp(op).input("N 8 0 7").error(), HasSubstr("is empty: [N, 8, 0, 7]"));
  }
}

TEST(Pooling, OnlyAMaximumLivesOnItsInputsGrid) {
  const Case given = {"", "N 8 8 8", {2, 2}, {}, {}, 0, ""};
  EXPECT_EQ(pool("MaxPool", given).role(), QuantRole::kPreserving);
  EXPECT_EQ(pool("AveragePool", given).role(), QuantRole::kFloat);
  EXPECT_EQ(OneOp("GlobalMaxPool").input("N 8 8 8").role(), QuantRole::kPreserving);
  EXPECT_EQ(OneOp("GlobalAveragePool").input("N 8 8 8").role(), QuantRole::kFloat);
}

TEST(Pooling, RefusesOtherRanksAndAMissingKernel) {
  EXPECT_THAT(OneOp("MaxPool")
                  .input("N 8 8")
                  .with("kernel_shape", Integers{2})
                  .error(ErrorCode::kUnsupported),
              HasSubstr("the input of MaxPool is [N, 8, 8]"));
  EXPECT_THAT(OneOp("AveragePool").input("N 8 8 8").error(),
              HasSubstr("AveragePool lacks its attribute 'kernel_shape'"));
  EXPECT_THAT(OneOp("MaxPool").input("N 8 8 8").with("kernel_shape", Integers{}).error(),
              HasSubstr("MaxPool lacks its attribute 'kernel_shape'"));
}

TEST(MaxPool, GivesIndicesOnlyToNobody) {
  OneOp op("MaxPool");
  op.input("N 8 8 8").with("kernel_shape", Integers{2, 2}).outputs(2);
  EXPECT_EQ(op.shape(0), "[N, 8, 7, 7]");
  EXPECT_EQ(op.dtype(1), DType::kInt64);
}

}  // namespace
}  // namespace quern
