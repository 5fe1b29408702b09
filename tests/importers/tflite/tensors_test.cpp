#include "quern/importers/tflite/tensors.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"
#include "tflite_generated.h"

namespace quern {
namespace {

using test::expect_error;
using tflite::TensorType;

TfliteTensor tensor(TensorType type, const Shape& shape, std::span<const std::uint8_t> data) {
  return {.name = "w", .type = type, .dims = fixed_dims(shape), .data = data};
}

Tensor read(const TfliteTensor& tensor) {
  DecodingBudget budget(1000);
  return read_elements(tensor, budget);
}

TEST(ReadElements, ReadsCodesAndNumbers) {
  const std::vector<std::uint8_t> bytes = {1, 255, 0, 60};
  EXPECT_EQ(read(tensor(TensorType::INT8, {4}, bytes)),
            Tensor::of<std::int8_t>({4}, {1, -1, 0, 60}));
  EXPECT_EQ(read(tensor(TensorType::UINT8, {2, 2}, bytes)),
            Tensor::of<std::uint8_t>({2, 2}, {1, 255, 0, 60}));
  EXPECT_EQ(read(tensor(TensorType::INT16, {2}, bytes)),
            Tensor::of<std::int16_t>({2}, {-255, 15360}));
  const std::vector<std::uint8_t> one = {0, 0, 128, 63};
  EXPECT_EQ(read(tensor(TensorType::FLOAT32, {}, one)), Tensor::scalar(1.0F));
  const std::vector<std::uint8_t> half = {0, 0x3C};
  EXPECT_EQ(read(tensor(TensorType::FLOAT16, {1}, half)), Tensor::of<float>({1}, {1.0F}));
}

TEST(ReadElements, UnpacksTwoCodesAByteTheLowHalfFirst) {
  const std::vector<std::uint8_t> bytes = {0x71, 0x08};
  EXPECT_EQ(read(tensor(TensorType::INT4, {3}, bytes)), Tensor::of<std::int8_t>({3}, {1, 7, -8}));
}

TEST(ReadElements, WidensIntegersThatNoGridMakesReal) {
  const std::vector<std::uint8_t> bytes = {255, 255, 255, 255};
  TfliteTensor integers = tensor(TensorType::INT32, {1}, bytes);
  EXPECT_EQ(read(integers), Tensor::of<std::int64_t>({1}, {-1}));
  integers.grid = TfliteGrid{{0.5F}, {0}, 0};
  EXPECT_EQ(read(integers), Tensor::of<std::int32_t>({1}, {-1}));
}

TEST(ReadElements, RefusesBytesThatAreNotTheShape) {
  const std::vector<std::uint8_t> bytes = {1, 2, 3};
  for (const TensorType type : {TensorType::INT4, TensorType::INT8, TensorType::FLOAT16}) {
    expect_error(ErrorCode::kParse, "tensor 'w': it holds 3 bytes",
                 [&] { read(tensor(type, {2}, bytes)); });
  }
  expect_error(ErrorCode::kParse, "tensor 'w'", [&] {
    read(tensor(TensorType::INT8, {1L << 31, 1L << 31, 1L << 31}, bytes));
  });
  TfliteTensor free = tensor(TensorType::INT8, {3}, bytes);
  free.dims[0] = {-1, ""};
  expect_error(ErrorCode::kParse, "free extent", [&] { read(free); });
}

TEST(ReadElements, RefusesTypesThatQuernLacks) {
  const std::vector<std::uint8_t> bytes(8);
  expect_error(ErrorCode::kUnsupported, "COMPLEX64 is not read",
               [&] { read(tensor(TensorType::COMPLEX64, {1}, bytes)); });
  expect_error(ErrorCode::kUnsupported, "type 99 is not read",
               [&] { read(tensor(static_cast<TensorType>(99), {1}, bytes)); });
}

TEST(Dequantized, FollowsTheGridOfEachSlice) {
  const Tensor codes = Tensor::of<std::int8_t>({2, 1, 2}, {1, 2, 3, -4});
  EXPECT_EQ(dequantized(codes, {{0.5F}, {1}, 0}),
            Tensor::of<float>({2, 1, 2}, {0, 0.5F, 1, -2.5F}));
  EXPECT_EQ(dequantized(codes, {{0.5F, 2}, {0, 1}, 0}),
            Tensor::of<float>({2, 1, 2}, {0.5F, 1, 4, -10}));
  EXPECT_EQ(dequantized(codes, {{0.5F, 2}, {0, 1}, 2}),
            Tensor::of<float>({2, 1, 2}, {0.5F, 2, 1.5F, -10}));
}

TEST(CodeSpec, KnowsTheTypesThatHoldCodes) {
  EXPECT_EQ(code_spec(TensorType::UINT8), (QuantSpec{.bits = 8, .is_signed = false}));
  EXPECT_EQ(code_spec(TensorType::INT4), QuantSpec{.bits = 4});
  EXPECT_EQ(code_spec(TensorType::FLOAT32), std::nullopt);
}

}  // namespace
}  // namespace quern
