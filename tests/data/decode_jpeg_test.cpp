#include "quern/data/decode_jpeg.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::cut;
using test::encode_jpeg_samples;
using test::expect_error;
using test::noise;

// Quality 100 still rounds each colour conversion and each transform once.
constexpr int kCodingError = 3;

void expect_close(const std::vector<std::uint8_t>& found, std::span<const std::uint8_t> expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], kCodingError) << "at sample " << i;
  }
}

TEST(DecodeJpeg, GivesRowsOfRgb) {
  const Image picture = noise(19, 11);
  for (const bool progressive : {false, true}) {
    const Image found =
        decode_jpeg(encode_jpeg_samples(19, 11, picture.pixels, {JCS_RGB, JCS_YCbCr, progressive}));
    EXPECT_EQ(found.width, 19);
    EXPECT_EQ(found.height, 11);
    expect_close(found.pixels, picture.pixels);
  }
}

TEST(DecodeJpeg, ReadsStoredRgb) {
  const Image picture = noise(8, 8);
  expect_close(decode_jpeg(encode_jpeg_samples(8, 8, picture.pixels, {JCS_RGB, JCS_RGB})).pixels,
               picture.pixels);
}

TEST(DecodeJpeg, RepeatsGreyInEveryChannel) {
  const std::array<std::uint8_t, 4> grey = {90, 90, 90, 90};
  const Image found = decode_jpeg(encode_jpeg_samples(2, 2, grey, {JCS_GRAYSCALE, JCS_GRAYSCALE}));
  EXPECT_THAT(found.pixels, testing::ElementsAreArray(std::vector<std::uint8_t>(12, 90)));
}

TEST(DecodeJpeg, TakesCmykAsInvertedLikePillow) {
  // Pillow: Image.new("CMYK", (1, 1), cmyk).convert("RGB")
  const std::vector<std::array<std::uint8_t, 4>> inks = {
      {0, 0, 0, 0}, {255, 0, 0, 0}, {10, 200, 30, 60}, {100, 100, 100, 128}, {0, 0, 0, 255}};
  const std::vector<std::array<std::uint8_t, 3>> colours = {
      {255, 255, 255}, {0, 255, 255}, {187, 42, 172}, {77, 77, 77}, {0, 0, 0}};
  for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
    for (std::size_t i = 0; i < inks.size(); ++i) {
      std::array<std::uint8_t, 4> inverted;
      for (int c = 0; c < 4; ++c) inverted[c] = static_cast<std::uint8_t>(255 - inks[i][c]);
      const Image found = decode_jpeg(encode_jpeg_samples(1, 1, inverted, {JCS_CMYK, stored}));
      expect_close(found.pixels, colours[i]);
    }
  }
}

TEST(DecodeJpeg, RefusesAFileThatIsCutOff) {
  const std::vector<std::byte> whole =
      encode_jpeg_samples(64, 64, noise(64, 64).pixels, {JCS_RGB, JCS_YCbCr});
  for (const std::size_t size :
       {std::size_t{3}, std::size_t{30}, whole.size() / 2, whole.size() - 100, whole.size() - 2}) {
    expect_error(ErrorCode::kParse, "damaged JPEG", [&] { decode_jpeg(cut(whole, size)); });
  }
}

TEST(DecodeJpeg, RefusesAPictureThatWasOverwrittenInTheMiddle) {
  std::vector<std::byte> bytes =
      encode_jpeg_samples(64, 64, noise(64, 64).pixels, {JCS_RGB, JCS_YCbCr});
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), 200, std::byte{0xFF});
  expect_error(ErrorCode::kParse, "damaged JPEG", [&] { decode_jpeg(bytes); });
}

TEST(DecodeJpeg, ToleratesABadVersionInTheHeader) {
  std::vector<std::byte> bytes = encode_jpeg_samples(8, 8, noise(8, 8).pixels, {});
  ASSERT_EQ(bytes[6], std::byte{'J'});  // "JFIF\0", then the major version
  bytes[11] = std::byte{9};
  EXPECT_NO_THROW(decode_jpeg(bytes));
}

TEST(DecodeJpeg, RefusesDeclaredExtentsThatCannotBe) {
  std::vector<std::byte> bytes = encode_jpeg_samples(8, 8, noise(8, 8).pixels, {});
  const std::array<std::byte, 2> frame = {std::byte{0xFF}, std::byte{0xC0}};
  const auto found = std::search(bytes.begin(), bytes.end(), frame.begin(), frame.end());
  ASSERT_NE(found, bytes.end());
  std::fill_n(found + 5, 4, std::byte{0xEF});  // height and width, 16 bits each
  expect_error(ErrorCode::kParse, "declares", [&] { decode_jpeg(bytes); });
  std::fill_n(found + 5, 4, std::byte{0x3F});
  expect_error(ErrorCode::kParse, "bytes can hold", [&] { decode_jpeg(bytes); });
}

TEST(DecodeJpeg, RefusesTwoComponents) {
  const std::array<std::uint8_t, 2> samples = {1, 2};
  const std::vector<std::byte> bytes =
      encode_jpeg_samples(1, 1, samples, {JCS_UNKNOWN, JCS_UNKNOWN});
  expect_error(ErrorCode::kUnsupported, "2 components", [&] { decode_jpeg(bytes); });
}

}  // namespace
}  // namespace quern
