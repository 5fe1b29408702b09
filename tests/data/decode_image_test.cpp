#include <gmock/gmock.h>

#include "quern/base/file.h"
#include "quern/data/encode_jpeg.h"
#include "quern/data/image.h"
#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using test::expect_error;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(DecodeImage, TellsTheFormatByTheContent) {
  const test::TemporaryFolder folder;
  const Image picture = test::noise(4, 3);
  const spng_ihdr header{4, 3, 8, SPNG_COLOR_TYPE_TRUECOLOR, 0, 0, 0};
  write_file(folder / "a.jpg", test::encode_png_samples(header, picture.pixels));
  write_file(folder / "b.png", encode_jpeg(picture, 90));

  EXPECT_EQ(decode_image(folder / "a.jpg").pixels, picture.pixels);
  EXPECT_EQ(decode_image(folder / "b.png").width, 4);
  write_file(folder / "c.jpg", test::encode_tiff_samples(4, 3, picture.pixels));
  EXPECT_EQ(decode_image(folder / "c.jpg").pixels, picture.pixels);
}

TEST(DecodeImage, ReadsAPictureOfOnePixel) {
  const Image one = decode_image(encode_jpeg(test::noise(1, 1), 90), "one");
  EXPECT_EQ(one.width, 1);
  EXPECT_EQ(one.height, 1);
}

TEST(DecodeImage, NamesTheFileInEveryError) {
  expect_error(ErrorCode::kParse, "a.jpg: the file is empty", [] { decode_image({}, "a.jpg"); });
  expect_error(ErrorCode::kParse, "a.jpg: the content is neither JPEG nor PNG nor TIFF",
               [] { decode_image(bytes_of("GIF89a"), "a.jpg"); });
  expect_error(ErrorCode::kParse, "a.jpg: damaged JPEG",
               [] { decode_image(bytes_of("\xFF\xD8\xFF\xE0"), "a.jpg"); });
  expect_error(ErrorCode::kParse, "a.jpg: damaged PNG",
               [] { decode_image(bytes_of("\x89PNG\r\n\x1A\n"), "a.jpg"); });
  expect_error(ErrorCode::kParse, "a.jpg: damaged TIFF",
               [] { decode_image(std::as_bytes(std::span("II*\0", 4)), "a.jpg"); });
}

TEST(DecodeImage, NamesAFileThatCannotBeRead) {
  const test::TemporaryFolder folder;
  expect_error(ErrorCode::kIo, "none.jpg", [&] { decode_image(folder / "none.jpg"); });
  expect_error(ErrorCode::kIo, "folder", [&] { decode_image(folder.path()); });
}

}  // namespace
}  // namespace quern
