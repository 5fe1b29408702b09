#include "quern/tensor/npz.h"

#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

std::map<std::string, Tensor> some_arrays() {
  return {{"codes", Tensor::of<std::int8_t>({2, 2}, {-128, -1, 0, 127})},
          {"empty", Tensor(DType::kFloat32, {0, 3})},
          {"flag", Tensor(DType::kBool, {1})},
          {"logits", Tensor::of<float>({3}, {0.5F, -1e30F, 3})},
          {"über/layer.1", Tensor::scalar(std::int64_t{42})}};
}

TEST(Npz, ReadsWhatItWrote) {
  const test::TemporaryFolder folder;
  write_npz(folder / "a.npz", some_arrays());
  EXPECT_EQ(read_npz(folder / "a.npz"), some_arrays());
}

TEST(Npz, EqualArraysGiveEqualBytes) {
  const test::TemporaryFolder folder;
  write_npz(folder / "a.npz", some_arrays());
  write_npz(folder / "b.npz", some_arrays());
  EXPECT_EQ(read_file(folder / "a.npz"), read_file(folder / "b.npz"));
}

TEST(Npz, RefusesDamagedFilesByName) {
  const test::TemporaryFolder folder;
  write_file(folder / "text.npz", "not a zip archive");
  expect_error(ErrorCode::kParse, "text.npz: it is not a zip archive",
               [&] { read_npz(folder / "text.npz"); });

  write_npz(folder / "whole.npz", some_arrays());
  std::vector<std::byte> bytes = read_file(folder / "whole.npz");
  bytes.resize(bytes.size() / 2);
  write_file(folder / "half.npz", bytes);
  expect_error(ErrorCode::kParse, "half.npz", [&] { read_npz(folder / "half.npz"); });
}

TEST(Npz, NamesTheArrayThatIsWrong) {
  const test::TemporaryFolder folder;
  write_npz(folder / "a.npz", {{"x", Tensor::of<float>({2}, {1, 2})}});
  std::string text = read_text(folder / "a.npz");
  // The archive is stored uncompressed, so the header can be edited in place; its checksum can not.
  text.replace(text.find("(2, )"), 5, "(3, )");
  write_file(folder / "a.npz", text);
  expect_error(ErrorCode::kParse, "array 'x.npy'", [&] { read_npz(folder / "a.npz"); });
}

}  // namespace
}  // namespace quern
