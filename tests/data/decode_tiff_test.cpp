#include "quern/data/decode_tiff.h"

#include <gmock/gmock.h>
#include <tiff.h>

#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::encode_tiff_samples;
using test::expect_error;
using testing::ElementsAre;

using Bytes = std::vector<std::uint8_t>;

TEST(DecodeTiff, ReturnsRgbAsItIsFromEveryLosslessCoding) {
  const Image picture = test::noise(7, 9);
  for (const int compression :
       {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
    for (const bool big_endian : {false, true}) {
      const Image found = decode_tiff(encode_tiff_samples(
          7, 9, picture.pixels, {.compression = compression, .big_endian = big_endian}));
      EXPECT_EQ(found.width, 7);
      EXPECT_EQ(found.height, 9);
      EXPECT_EQ(found.pixels, picture.pixels) << compression;
    }
  }
}

TEST(DecodeTiff, SpreadsGreyOverTheChannels) {
  const Bytes grey = {0, 100, 255, 7};
  EXPECT_THAT(decode_tiff(encode_tiff_samples(
                              2, 2, grey, {.photometric = PHOTOMETRIC_MINISBLACK, .channels = 1}))
                  .pixels,
              ElementsAre(0, 0, 0, 100, 100, 100, 255, 255, 255, 7, 7, 7));
}

TEST(DecodeTiff, KeepsTheUpperHalfOf16Bits) {
  const std::vector<std::uint16_t> samples = {0x1234, 0xFF00, 0x0080};
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(samples.data()),
                    reinterpret_cast<const std::uint8_t*>(samples.data() + samples.size()));
  const Image found = decode_tiff(encode_tiff_samples(1, 1, bytes, {.bits = 16}));
  // libtiff scales by 255/65535 and rounds.
  EXPECT_THAT(found.pixels, ElementsAre(0x12, 0xFE, 0x00));
}

TEST(DecodeTiff, TurnsThePictureUpright) {
  const Bytes samples = {1, 1, 1, 2, 2, 2};
  EXPECT_THAT(
      decode_tiff(encode_tiff_samples(2, 1, samples, {.orientation = ORIENTATION_TOPRIGHT})).pixels,
      ElementsAre(2, 2, 2, 1, 1, 1));
}

TEST(DecodeTiff, RefusesWhatIsDamaged) {
  const auto whole = encode_tiff_samples(7, 9, test::noise(7, 9).pixels, {.compression = 5});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_error(ErrorCode::kParse, "", [&] { decode_tiff(test::cut(whole, size)); });
  }
  expect_error(ErrorCode::kParse, "damaged TIFF: ", [&] { decode_tiff(test::cut(whole, 8)); });
}

TEST(DecodeTiff, RefusesExtentsThatTheFileCannotHold) {
  auto bytes = encode_tiff_samples(1, 1, Bytes{1, 2, 3});
  // The directory's first entry is the width, a 16-bit number 8 bytes into the entry.
  const std::size_t directory =
      std::to_integer<std::size_t>(bytes[4]) + 256 * std::to_integer<std::size_t>(bytes[5]);
  const auto set_width = [&](std::uint32_t width) {
    bytes[directory + 2 + 2] = std::byte{4};  // LONG
    for (int i = 0; i < 4; ++i) {
      bytes[directory + 2 + 8 + i] = static_cast<std::byte>(width >> (8 * i));
    }
  };
  set_width(1'000'000);
  expect_error(ErrorCode::kParse, "", [&] { decode_tiff(bytes); });
  set_width(0x7FFFFFFF);
  expect_error(ErrorCode::kParse, "it declares 2147483647x1 pixels", [&] { decode_tiff(bytes); });
}

}  // namespace
}  // namespace quern
