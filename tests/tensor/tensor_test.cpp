#include "quern/tensor/tensor.h"

#include <gmock/gmock.h>

#include <limits>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

TEST(Tensor, CopiesShareBytesUntilOneIsWritten) {
  Tensor original = Tensor::of<float>({3}, {1, 2, 3});
  Tensor copy = original;
  EXPECT_EQ(copy.bytes().data(), original.bytes().data());

  copy.mutable_data<float>()[0] = 9;

  EXPECT_THAT(original.data<float>(), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(copy.data<float>(), testing::ElementsAre(9, 2, 3));
}

TEST(Tensor, ReadsEveryTypeAsNumbers) {
  EXPECT_THAT(to_vector<double>(Tensor::of<std::int8_t>({2}, {-128, 127})),
              testing::ElementsAre(-128, 127));
  EXPECT_THAT(to_vector<std::int64_t>(Tensor::of<float>({2}, {-1.5F, 2.5F})),
              testing::ElementsAre(-1, 2));
}

TEST(Tensor, RefusesAFloatThatAnIntegerCanNotHold) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const float value : {-2.2e38F, 9.3e18F, kNan}) {
    test::expect_error(ErrorCode::kParse, "where whole numbers belong",
                       [&] { to_vector<std::int64_t>(Tensor::of<float>({1}, {value})); });
  }
  test::expect_error(ErrorCode::kParse, "a tensor holds 2.14748e+09 where whole numbers belong",
                     [&] { to_vector<std::int32_t>(Tensor::of<float>({1}, {2147483648.0F})); });
  EXPECT_THAT(to_vector<std::int32_t>(Tensor::of<float>({1}, {-2147483648.0F})),
              testing::ElementsAre(std::numeric_limits<std::int32_t>::min()));
}

TEST(Tensor, ComparesBytesNotNumbers) {
  EXPECT_EQ(Tensor::scalar(NAN), Tensor::scalar(NAN));
  EXPECT_NE(Tensor::scalar(0.0F), Tensor::scalar(-0.0F));
  EXPECT_NE(Tensor::of<float>({1, 2}, {1, 2}), Tensor::of<float>({2, 1}, {1, 2}));
}

TEST(Tensor, RefusesImpossibleShapes) {
  expect_error(ErrorCode::kParse, "[-1]", [] { Tensor(DType::kInt8, {-1}); });
  expect_error(ErrorCode::kParse, "shape", [] {
    Tensor(DType::kInt8, {std::int64_t{1} << 40, std::int64_t{1} << 40});
  });
  expect_error(ErrorCode::kParse, "shape", [] { Tensor(DType::kInt8, {std::int64_t{1} << 41}); });
}

TEST(Tensor, RefusesAWrongNumberOfValues) {
  expect_error(ErrorCode::kInvalidArgument, "needs 2 values, got 3", [] {
    Tensor::of<float>({2}, {1, 2, 3});
  });
  expect_error(ErrorCode::kInvalidArgument, "[2] cannot become [3]",
               [] { return Tensor(DType::kFloat32, {2}).reshaped({3}); });
}

TEST(Tensor, RefusesAnotherTypeThanItsOwn) {
  expect_error(ErrorCode::kInternal, "float32 tensor is read as int8",
               [] { return Tensor(DType::kFloat32, {1}).data<std::int8_t>(); });
}

}  // namespace
}  // namespace quern
