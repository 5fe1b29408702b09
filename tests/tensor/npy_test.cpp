#include "quern/tensor/npy.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

/// A .npy file of version 1.0 with any header.
std::vector<std::byte> npy(std::string header, const std::vector<std::byte>& data) {
  header += '\n';
  std::string text = std::string("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() & 255);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  std::vector<std::byte> bytes;
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

std::vector<std::byte> bytes_of(const Tensor& tensor) {
  return {tensor.bytes().begin(), tensor.bytes().end()};
}

TEST(Npy, ReadsWhatItWrote) {
  const Tensor tensor = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(from_npy(to_npy(tensor)), tensor);
  EXPECT_EQ(from_npy(to_npy(Tensor::scalar(3.0))), Tensor::scalar(3.0));
}

TEST(Npy, ReadsFortranOrder) {
  // numpy.array([[1, 2, 3], [4, 5, 6]]).T of a C-ordered array is in Fortran order.
  const auto columns = bytes_of(Tensor::of<float>({6}, {1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(from_npy(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", columns)),
            Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
}

TEST(Npy, WidensHalfPrecision) {
  const auto halves = bytes_of(Tensor::of<std::uint16_t>({2}, {0x3c00, 0xc000}));
  EXPECT_EQ(from_npy(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }", halves)),
            Tensor::of<float>({2}, {1, -2}));
}

TEST(Npy, EveryByteOfABoolIsTrueOrFalse) {
  const auto bytes = bytes_of(Tensor::of<std::uint8_t>({2}, {0, 7}));
  const Tensor read =
      from_npy(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", bytes));
  EXPECT_EQ(bytes_of(read), (std::vector<std::byte>{std::byte{0}, std::byte{1}}));
}

TEST(Npy, RefusesWhatIsWrongWithASentence) {
  const auto refuse = [](ErrorCode code, const std::string& part, const std::string& header) {
    expect_error(code, part, [&] { from_npy(npy(header, std::vector<std::byte>(8))); });
  };
  refuse(ErrorCode::kUnsupported, "its type '>f4' is big-endian; save it as little-endian ('<f4')",
         "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }");
  refuse(ErrorCode::kUnsupported, "its type '|O' is not read",
         "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }");
  refuse(ErrorCode::kParse, "it holds 8 bytes for the shape [1000000000]",
         "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,), }");
  refuse(ErrorCode::kParse, "cannot have the shape",
         "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }");
  refuse(ErrorCode::kParse, "cannot have the shape",
         "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }");
  refuse(ErrorCode::kParse, "its shape (2, x) is not one",
         "{'descr': '<f4', 'fortran_order': False, 'shape': (2, x), }");
  refuse(ErrorCode::kParse,
         "its header has no 'shape':", "{'descr': '<f4', 'fortran_order': False, }");
  refuse(ErrorCode::kParse, "its header does not say its order", "{'descr': '<f4', 'shape': (2,)}");
  expect_error(ErrorCode::kParse, "it is not an array of .npy version 1.0",
               [] { from_npy(std::vector<std::byte>(20)); });
  std::vector<std::byte> cut = to_npy(Tensor::scalar(1.0F));
  cut.resize(40);
  expect_error(ErrorCode::kParse, "its header is cut off", [&] { from_npy(cut); });
}

}  // namespace
}  // namespace quern
