#include <gmock/gmock.h>

#include "tests/ops/one_op.h"

namespace quern {
namespace {

using test::OneOp;
using testing::HasSubstr;

DType cast_to(std::int64_t number) { return OneOp("Cast").input("N 3").with("to", number).dtype(); }

TEST(Cast, KnowsOnnxTypeNumbers) {
  EXPECT_EQ(cast_to(1), DType::kFloat32);
  EXPECT_EQ(cast_to(2), DType::kUint8);
  EXPECT_EQ(cast_to(3), DType::kInt8);
  EXPECT_EQ(cast_to(4), DType::kUint16);
  EXPECT_EQ(cast_to(5), DType::kInt16);
  EXPECT_EQ(cast_to(6), DType::kInt32);
  EXPECT_EQ(cast_to(7), DType::kInt64);
  EXPECT_EQ(cast_to(9), DType::kBool);
  EXPECT_EQ(cast_to(11), DType::kFloat64);
  EXPECT_EQ(cast_to(12), DType::kUint32);
  EXPECT_EQ(cast_to(13), DType::kUint64);
}

TEST(Cast, KeepsTheShape) {
  EXPECT_EQ(OneOp("Cast").input("N 3").with("to", std::int64_t{7}).shape(), "[N, 3]");
}

TEST(Cast, RefusesTypesNoTensorHas) {
  for (const std::int64_t number : {0, 8, 10, 16, 99}) {
    EXPECT_THAT(OneOp("Cast").input("N 3").with("to", number).error(ErrorCode::kUnsupported),
                HasSubstr(fmt::format("Cast converts to ONNX type {}", number)));
  }
}

}  // namespace
}  // namespace quern
