#include "quern/importers/tensorflow/tensors.h"

#include <gtest/gtest.h>

#include <string>

#include "quern/importers/tensorflow.pb.h"
#include "tests/support/expect_error.h"

namespace quern::tensorflow {
namespace {

constexpr std::int64_t kRepeats = 1000;

TensorProto proto(std::int32_t type, const Shape& shape) {
  TensorProto proto;
  proto.set_dtype(type);
  for (const std::int64_t extent : shape) proto.mutable_tensor_shape()->add_dim()->set_size(extent);
  return proto;
}

Tensor read(const TensorProto& proto) {
  std::int64_t repeats = kRepeats;
  return read_tensor(proto, repeats);
}

TEST(TensorflowTensors, ReadsContent) {
  TensorProto tensor = proto(DT_FLOAT, {2});
  tensor.set_tensor_content(std::string("\0\0\x80\x3f\0\0\0\xc0", 8));
  EXPECT_EQ(read(tensor), Tensor::of<float>({2}, {1.0F, -2.0F}));
}

TEST(TensorflowTensors, ReadsTheFieldOfEachType) {
  TensorProto tensor = proto(DT_FLOAT, {});
  tensor.add_float_val(1.5F);
  EXPECT_EQ(read(tensor), Tensor::scalar(1.5F));
  tensor = proto(DT_DOUBLE, {});
  tensor.add_double_val(0.1);
  EXPECT_EQ(read(tensor), Tensor::scalar(0.1));
  tensor = proto(DT_HALF, {});
  tensor.add_half_val(0x3e00);
  EXPECT_EQ(read(tensor), Tensor::scalar(1.5F));
  tensor = proto(DT_BFLOAT16, {});
  tensor.add_half_val(0xbfc0);
  EXPECT_EQ(read(tensor), Tensor::scalar(-1.5F));
  tensor = proto(DT_UINT8, {});
  tensor.add_int_val(255);
  EXPECT_EQ(read(tensor), Tensor::scalar(std::uint8_t{255}));
  tensor = proto(DT_INT64, {});
  tensor.add_int64_val(-7);
  EXPECT_EQ(read(tensor), Tensor::scalar(std::int64_t{-7}));
  tensor = proto(DT_BOOL, {});
  tensor.add_bool_val(true);
  EXPECT_EQ(read(tensor), Tensor::scalar(true));
}

TEST(TensorflowTensors, WidensInt32SinceShapesAreInt64) {
  TensorProto tensor = proto(DT_INT32, {2});
  tensor.set_tensor_content(std::string("\x05\0\0\0\xff\xff\xff\xff", 8));
  EXPECT_EQ(read(tensor), Tensor::of<std::int64_t>({2}, {5, -1}));
}

TEST(TensorflowTensors, RepeatsTheLastElement) {
  TensorProto tensor = proto(DT_FLOAT, {2, 2});
  tensor.add_float_val(1);
  tensor.add_float_val(3);
  EXPECT_EQ(read(tensor), Tensor::of<float>({2, 2}, {1, 3, 3, 3}));
}

TEST(TensorflowTensors, TakesAnEmptyFieldForZeros) {
  EXPECT_EQ(read(proto(DT_FLOAT, {2})), Tensor::of<float>({2}, {0, 0}));
}

TEST(TensorflowTensors, BoundsWhatAFileMayRepeat) {
  TensorProto tensor = proto(DT_FLOAT, {kRepeats + 2});
  tensor.add_float_val(1);
  test::expect_error(ErrorCode::kUnsupported,
                     "it holds 1 elements and repeats the last up to the shape [1002] (supported: "
                     "1000 repeated elements)",
                     [&] { read(tensor); });
  tensor = proto(DT_FLOAT, {501});
  tensor.add_float_val(1);
  std::int64_t repeats = kRepeats;
  read_tensor(tensor, repeats);
  EXPECT_EQ(repeats, 500);
}

TEST(TensorflowTensors, RefusesBytesThatDoNotFitTheShape) {
  TensorProto tensor = proto(DT_FLOAT, {2});
  tensor.set_tensor_content("1234567");
  test::expect_error(ErrorCode::kParse, "it has shape [2] but holds 7 bytes of 4-byte elements",
                     [&] { read(tensor); });
  tensor = proto(DT_FLOAT, {1});
  tensor.add_float_val(1);
  tensor.add_float_val(2);
  test::expect_error(ErrorCode::kParse, "it has shape [1] but holds 2 elements",
                     [&] { read(tensor); });
}

TEST(TensorflowTensors, RefusesImpossibleShapes) {
  test::expect_error(ErrorCode::kParse, "it has the extent -2",
                     [] { read(proto(DT_FLOAT, {-2})); });
  test::expect_error(ErrorCode::kParse, "its shape has a free extent",
                     [] { read(proto(DT_FLOAT, {-1})); });
  test::expect_error(ErrorCode::kParse, "", [] {
    read(proto(DT_FLOAT, {1'000'000'000, 1'000'000'000, 1'000'000'000}));
  });
  TensorProto tensor = proto(DT_FLOAT, {});
  tensor.mutable_tensor_shape()->set_unknown_rank(true);
  test::expect_error(ErrorCode::kParse, "its shape is not known", [&] { read(tensor); });
}

TEST(TensorflowTensors, NamesATypeItDoesNotRead) {
  test::expect_error(ErrorCode::kUnsupported, "the element type DT_STRING is not read",
                     [] { read(proto(DT_STRING, {})); });
  test::expect_error(ErrorCode::kUnsupported, "the element type 101 is not read",
                     [] { dtype_from(101); });
}

}  // namespace
}  // namespace quern::tensorflow
