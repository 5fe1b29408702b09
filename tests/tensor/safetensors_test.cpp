#include "quern/tensor/safetensors.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/safetensors_file.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

std::map<std::string, Tensor> read(std::string_view header, std::size_t data_size) {
  return read_safetensors(test::safetensors(header, std::vector<std::byte>(data_size)),
                          "a.safetensors");
}

TEST(Safetensors, ReadsEveryTensor) {
  const std::map<std::string, Tensor> tensors = {
      {"features.0.0.weight", Tensor::of<float>({1, 3, 1, 1}, {0.5F, -1, 2})},
      {"features.0.1.num_batches_tracked", Tensor::scalar(std::int64_t{42})},
      {"empty", Tensor(DType::kFloat32, {0, 3})},
      {"über", Tensor::of<double>({2}, {1, 2})}};
  const test::TemporaryFolder folder;
  test::write_safetensors(folder / "a.safetensors", tensors);
  EXPECT_EQ(read_safetensors(folder / "a.safetensors"), tensors);
}

TEST(Safetensors, WidensHalfPrecision) {
  const std::vector<std::byte> data = {std::byte{0}, std::byte{0x3c}, std::byte{0x80},
                                       std::byte{0x3f}};
  const auto tensors =
      read_safetensors(test::safetensors(R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},)"
                                         R"("b":{"dtype":"BF16","shape":[],"data_offsets":[2,4]}})",
                                         data),
                       "a.safetensors");
  EXPECT_EQ(tensors.at("a"), Tensor::of<float>({1}, {1}));
  EXPECT_EQ(tensors.at("b"), Tensor::scalar(1.0F));
}

TEST(Safetensors, RefusesWhatIsWrongWithASentence) {
  const auto refuse = [](ErrorCode code, const std::string& part, const std::string& header) {
    expect_error(code, "a.safetensors: " + part, [&] { read(header, 8); });
  };
  const auto tensor = [](const std::string& dtype, const std::string& shape,
                         const std::string& offsets) {
    return fmt::format(R"({{"w":{{"dtype":"{}","shape":[{}],"data_offsets":[{}]}}}})", dtype, shape,
                       offsets);
  };
  const ErrorCode wrong = ErrorCode::kParse;
  refuse(wrong, "its header is not JSON", "{");
  refuse(wrong, "its header is not a JSON object", "[]");
  refuse(wrong, "its header is nested deeper", R"({"a":[[[[[[1]]]]]]})");
  refuse(wrong, "tensor 'w': it is not described by an object", R"({"w":1})");
  refuse(wrong, "tensor 'w': it has no 'dtype'", R"({"w":{}})");
  refuse(wrong, "tensor 'w': it has no list 'shape'", R"({"w":{"dtype":"F32"}})");
  refuse(ErrorCode::kUnsupported, "tensor 'w': its type 'F8_E4M3' is not read",
         tensor("F8_E4M3", "8", "0,8"));
  refuse(wrong, "tensor 'w': its 'shape' holds something else", tensor("F32", "-2", "0,8"));
  refuse(wrong, "tensor 'w': an extent of its shape", tensor("F32", "9223372036854775808", "0,8"));
  refuse(wrong, "tensor 'w': a tensor cannot have the shape",
         tensor("F32", "4611686018427387904,4", "0,8"));
  refuse(wrong, "tensor 'w': it holds 8 bytes for F32 [3]", tensor("F32", "3", "0,8"));
  refuse(wrong, "tensor 'w': its 'data_offsets' are not", tensor("F32", "2", "8,0"));
  refuse(wrong, "tensor 'w' has the bytes 8 to 16, expected them to start at 0",
         tensor("F32", "2", "8,16"));
  refuse(wrong, "tensor 'w' has the bytes 0 to 4000000000",
         tensor("F32", "1000000000", "0,4000000000"));
  refuse(wrong, "its tensors have 4 bytes, but 8 follow", tensor("F32", "1", "0,4"));
  refuse(wrong, "tensor 'w' stands in its header twice",
         R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
         R"("w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})");
  refuse(wrong, "tensor 'w' has the bytes 0 to 8, expected them to start at 8",
         R"({"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
         R"("w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})");
}

TEST(Safetensors, RefusesFilesThatAreNoneByName) {
  const test::TemporaryFolder folder;
  write_file(folder / "short", "abc");
  expect_error(ErrorCode::kParse, "short: it has 3 bytes, too few",
               [&] { read_safetensors(folder / "short"); });
  write_file(folder / "text", "this is no such file");
  expect_error(ErrorCode::kParse, "text: it is no safetensors file: its header would have",
               [&] { read_safetensors(folder / "text"); });
  expect_error(ErrorCode::kIo, "missing", [&] { read_safetensors(folder / "missing"); });
}

}  // namespace
}  // namespace quern
