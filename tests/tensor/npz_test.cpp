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

/// Replaces `count` bytes at `offset` behind every `signature`: in an entry's header ("PK\\3\\4")
/// or in the directory ("PK\\1\\2").
void patch(std::string& archive, const std::string& signature, std::size_t offset,
           const std::string& bytes) {
  for (std::size_t at = archive.find(signature); at != std::string::npos;
       at = archive.find(signature, at + 1)) {
    archive.replace(at + offset, bytes.size(), bytes);
  }
}

const std::string kEntry = "PK\x03\x04";
const std::string kDirectory = "PK\x01\x02";

TEST(Npz, RefusesArchivesThatNumpyDoesNotWrite) {
  const test::TemporaryFolder folder;
  write_npz(folder / "a.npz", {{"x", Tensor::of<float>({2}, {1, 2})}, {"y", Tensor::scalar(1.0F)}});
  const std::string whole = read_text(folder / "a.npz");
  const auto refuse = [&](ErrorCode code, const std::string& part, const std::string& archive) {
    expect_error(code, part,
                 [&] { read_npz(std::as_bytes(std::span(archive.data(), archive.size())), "b"); });
  };

  std::string large = whole;
  for (const auto& [signature, offset] : {std::pair{kEntry, 22}, {kDirectory, 24}}) {
    patch(large, signature, static_cast<std::size_t>(offset), std::string("\x00\x00\x00\x70", 4));
  }
  refuse(ErrorCode::kParse, "b: array 'x.npy': it claims 1879048192 bytes, more than can be packed",
         large);

  // A stored array takes what it claims.
  std::string stored = whole;
  for (const auto& [signature, offset] : {std::pair{kEntry, 22}, {kDirectory, 24}}) {
    patch(stored, signature, static_cast<std::size_t>(offset), std::string("\x00\x04\x00\x00", 4));
  }
  refuse(ErrorCode::kParse, "b: array 'x.npy': it claims 1024 bytes, more than can be packed",
         stored);

  std::string bzip2 = whole;
  patch(bzip2, kEntry, 8, std::string("\x0c\x00", 2));
  patch(bzip2, kDirectory, 10, std::string("\x0c\x00", 2));
  refuse(ErrorCode::kUnsupported, "array 'x.npy': it is packed by method 12", bzip2);

  // "wwww.npy" becomes "wwwwwwww", which is what the array in "wwwwwwww.npy" is called.
  write_npz(folder / "a.npz", {{"wwww", Tensor::scalar(1)}, {"wwwwwwww", Tensor::scalar(2)}});
  std::string twice = read_text(folder / "a.npz");
  patch(twice, kEntry, 30, "wwwwwwww");
  patch(twice, kDirectory, 46, "wwwwwwww");
  refuse(ErrorCode::kParse, "the file holds two arrays of this name", twice);
}

TEST(Npz, ListsArraysWithoutTheirElements) {
  const test::TemporaryFolder folder;
  write_npz(folder / "a.npz", {{"x", Tensor::of<float>({2}, {1, 2})}, {"y", Tensor::scalar(1)}});
  // The archive is stored as it is, so an element can be edited; its checksum can not.
  std::string text = read_text(folder / "a.npz");
  const float two = 2;
  const std::string element(reinterpret_cast<const char*>(&two), sizeof two);
  text.replace(text.find(element), element.size(), "abcd");
  write_file(folder / "a.npz", text);

  const StoredTensors listed = list_npz(folder / "a.npz");
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed.at("x").dtype, DType::kFloat32);
  EXPECT_EQ(listed.at("x").shape, Shape{2});
  EXPECT_EQ(listed.at("y").read(), Tensor::scalar(1));
  expect_error(ErrorCode::kParse, "a.npz: array 'x.npy': it can not be unpacked",
               [&] { listed.at("x").read(); });
}

TEST(Npz, ComparesAHeaderWithTheSizeOfItsEntry) {
  const test::TemporaryFolder folder;
  write_npz(folder / "a.npz", {{"x", Tensor::of<float>({2}, {1, 2})}});
  std::string text = read_text(folder / "a.npz");
  text.replace(text.find("(2, )"), 5, "(9, )");
  write_file(folder / "a.npz", text);
  expect_error(ErrorCode::kParse, "array 'x.npy': it holds 8 bytes for the shape [9]",
               [&] { list_npz(folder / "a.npz"); });
}

TEST(Npz, SaysThatAFileIsEmpty) {
  const test::TemporaryFolder folder;
  write_file(folder / "a.npz", "");
  expect_error(ErrorCode::kParse, "a.npz: it is empty, not a zip archive",
               [&] { list_npz(folder / "a.npz"); });
}

}  // namespace
}  // namespace quern
