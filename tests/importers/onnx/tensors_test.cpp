#include "quern/importers/onnx/tensors.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "onnx/onnx.pb.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;
using testing::ElementsAre;

onnx::TensorProto proto_of(std::int32_t type, const std::vector<std::int64_t>& dims) {
  onnx::TensorProto proto;
  proto.set_data_type(type);
  for (const std::int64_t dim : dims) proto.add_dims(dim);
  return proto;
}

TEST(OnnxTensors, EveryTypeComesBackFromItsBytes) {
  const std::vector<Tensor> tensors = {Tensor::of<float>({2}, {1.5F, -2.0F}),
                                       Tensor::of<double>({1, 1}, {0.1}),
                                       Tensor::of<std::int8_t>({2}, {-1, 7}),
                                       Tensor::of<std::uint8_t>({1}, {200}),
                                       Tensor::of<std::int16_t>({1}, {-300}),
                                       Tensor::of<std::uint16_t>({1}, {60000}),
                                       Tensor::of<std::int32_t>({}, {-70000}),
                                       Tensor::of<std::uint32_t>({1}, {4000000000U}),
                                       Tensor(DType::kInt64, {0}),
                                       Tensor::of<std::uint64_t>({1}, {1ULL << 63}),
                                       Tensor(DType::kBool, {3})};
  for (const Tensor& tensor : tensors) {
    onnx::TensorProto proto;
    write_tensor(tensor, &proto);
    EXPECT_EQ(read_tensor(proto, {}), tensor) << name(tensor.dtype());
  }
}

TEST(OnnxTensors, ReadsTypedFields) {
  onnx::TensorProto floats = proto_of(onnx::TensorProto::FLOAT, {2});
  floats.add_float_data(1);
  floats.add_float_data(2);
  EXPECT_EQ(read_tensor(floats, {}), Tensor::of<float>({2}, {1, 2}));
  onnx::TensorProto bytes = proto_of(onnx::TensorProto::INT8, {1});
  bytes.add_int32_data(-5);
  EXPECT_EQ(read_tensor(bytes, {}), Tensor::of<std::int8_t>({1}, {-5}));
  onnx::TensorProto longs = proto_of(onnx::TensorProto::INT64, {1});
  longs.add_int64_data(-1);
  EXPECT_EQ(read_tensor(longs, {}), Tensor::of<std::int64_t>({1}, {-1}));
}

TEST(OnnxTensors, WidensHalfPrecision) {
  onnx::TensorProto half = proto_of(onnx::TensorProto::FLOAT16, {6});
  // 1, −2, the largest, the smallest above 0, −0, infinity
  for (const int bits : {0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00}) half.add_int32_data(bits);
  const Tensor wide = read_tensor(half, {});
  EXPECT_THAT(wide.data<float>(), ElementsAre(1.0F, -2.0F, 65504.0F, std::ldexp(1.0F, -24), -0.0F,
                                              std::numeric_limits<float>::infinity()));
  onnx::TensorProto brain = proto_of(onnx::TensorProto::BFLOAT16, {1});
  const std::uint16_t pi = 0x4049;
  brain.set_raw_data(&pi, sizeof pi);
  EXPECT_THAT(read_tensor(brain, {}).data<float>(), ElementsAre(3.140625F));
}

TEST(OnnxTensors, RefusesTypesItCannotHold) {
  for (const auto& [type, word] : std::vector<std::pair<std::int32_t, std::string>>{
           {onnx::TensorProto::FLOAT8E4M3FN, "FLOAT8E4M3FN"},
           {onnx::TensorProto::STRING, "STRING"},
           {99, "99"}}) {
    expect_error(ErrorCode::kUnsupported, "the element type " + word + " is not read",
                 [&, type = type] { read_tensor(proto_of(type, {1}), {}); });
  }
}

TEST(OnnxTensors, UnpacksElementsOfFewBits) {
  const auto unpacked = [](std::int32_t type, const std::string& raw, std::int64_t count) {
    onnx::TensorProto proto = proto_of(type, {count});
    proto.set_raw_data(raw);
    return to_vector<std::int32_t>(read_tensor(proto, {}));
  };
  EXPECT_EQ(unpacked(onnx::TensorProto::INT4, "\x8f\x07", 3),
            (std::vector<std::int32_t>{-1, -8, 7}));
  EXPECT_EQ(unpacked(onnx::TensorProto::UINT4, "\x8f\x07", 4),
            (std::vector<std::int32_t>{15, 8, 7, 0}));
  EXPECT_EQ(unpacked(onnx::TensorProto::INT2, "\x1b", 4),
            (std::vector<std::int32_t>{-1, -2, 1, 0}));
  EXPECT_EQ(unpacked(onnx::TensorProto::UINT2, "\x1b", 2), (std::vector<std::int32_t>{3, 2}));
  onnx::TensorProto typed = proto_of(onnx::TensorProto::INT4, {3});
  typed.add_int32_data(0x8f);
  typed.add_int32_data(0x07);
  EXPECT_EQ(to_vector<std::int32_t>(read_tensor(typed, {})),
            (std::vector<std::int32_t>{-1, -8, 7}));
  expect_error(ErrorCode::kParse, "it has shape [5] of 4-bit elements but holds 2 bytes",
               [&] { unpacked(onnx::TensorProto::INT4, "\x8f\x07", 5); });
}

TEST(OnnxTensors, ComparesSizesBeforeItAllocates) {
  const std::int64_t billion = 1'000'000'000;
  expect_error(ErrorCode::kParse, "it has shape [1000000000, 1000000000] but holds 0 elements",
               [&] {
                 read_tensor(proto_of(onnx::TensorProto::FLOAT, {billion, billion}), {});
               });
  onnx::TensorProto raw = proto_of(onnx::TensorProto::FLOAT, {3});
  raw.set_raw_data("12345678");
  expect_error(ErrorCode::kParse, "it has shape [3] but holds 2 elements",
               [&] { read_tensor(raw, {}); });
  raw.set_raw_data("123456789");
  expect_error(ErrorCode::kParse, "its 9 bytes are not a whole number of 4-byte elements",
               [&] { read_tensor(raw, {}); });
  expect_error(ErrorCode::kParse, "cannot have the shape [-1]",
               [&] { read_tensor(proto_of(onnx::TensorProto::FLOAT, {-1}), {}); });
}

class ExternalData : public testing::Test {
 protected:
  ExternalData() {
    std::filesystem::create_directory(folder_ / "model");
    std::ofstream(folder_ / "model/weights.bin") << "skipped."
                                                 << "\x01\x02\x03";
    std::ofstream(folder_ / "secret.bin") << "\x09";
  }

  static onnx::TensorProto tensor(const std::string& location, const std::string& offset = "0",
                                  std::int64_t count = 1) {
    onnx::TensorProto proto = proto_of(onnx::TensorProto::INT8, {count});
    proto.set_data_location(onnx::TensorProto::EXTERNAL);
    add(proto, "location", location);
    add(proto, "offset", offset);
    return proto;
  }

  static void add(onnx::TensorProto& proto, const std::string& key, const std::string& value) {
    auto* entry = proto.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }

  Tensor read(const onnx::TensorProto& proto) { return read_tensor(proto, folder_ / "model"); }

  test::TemporaryFolder folder_;
};

TEST_F(ExternalData, IsReadFromItsOffset) {
  EXPECT_THAT(read(tensor("weights.bin", "8", 3)).data<std::int8_t>(), ElementsAre(1, 2, 3));
}

TEST_F(ExternalData, MayNotLieOutsideOfTheFolder) {
  std::filesystem::create_symlink("../secret.bin", folder_ / "model/link.bin");
  for (const std::string& path :
       {std::string("../secret.bin"), (folder_ / "secret.bin").string(), std::string("link.bin"),
        std::string("a/../../secret.bin"), std::string("."), std::string()}) {
    expect_error(ErrorCode::kParse, "outside of the model's folder", [&] { read(tensor(path)); });
  }
}

TEST_F(ExternalData, MustHoldTheTensor) {
  expect_error(ErrorCode::kParse, "it needs 4 bytes from 8 on",
               [&] { read(tensor("weights.bin", "8", 4)); });
  expect_error(ErrorCode::kParse, "which has 11",
               [&] { read(tensor("weights.bin", "99999999999999", 1)); });
  expect_error(ErrorCode::kParse, "the offset '-1'", [&] { read(tensor("weights.bin", "-1", 1)); });
  expect_error(ErrorCode::kIo, "missing.bin", [&] { read(tensor("missing.bin")); });
  onnx::TensorProto longer = tensor("weights.bin");
  add(longer, "length", "2");
  expect_error(ErrorCode::kParse, "its shape needs 1 bytes, its external data is said to have 2",
               [&] { read(longer); });
}

TEST_F(ExternalData, IsRefusedForAModelInMemory) {
  expect_error(ErrorCode::kUnsupported, "its data lies in another file",
               [] { read_tensor(tensor("weights.bin"), {}); });
}

}  // namespace
}  // namespace quern
