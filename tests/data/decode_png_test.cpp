#include "quern/data/decode_png.h"

#include <gmock/gmock.h>

#include <array>

#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::encode_png_samples;
using test::expect_error;
using testing::ElementsAre;

using Bytes = std::vector<std::uint8_t>;

spng_ihdr header(std::uint32_t width, std::uint32_t height, int bits, spng_color_type type) {
  return {.width = width,
          .height = height,
          .bit_depth = static_cast<std::uint8_t>(bits),
          .color_type = static_cast<std::uint8_t>(type),
          .compression_method = 0,
          .filter_method = 0,
          .interlace_method = 0};
}

Bytes decoded(const spng_ihdr& head, const Bytes& samples,
              std::span<const spng_plte_entry> palette = {}) {
  return decode_png(encode_png_samples(head, samples, palette)).pixels;
}

TEST(DecodePng, ReturnsRgbAsItIs) {
  const Image picture = test::noise(7, 5);
  const Image found =
      decode_png(encode_png_samples(header(7, 5, 8, SPNG_COLOR_TYPE_TRUECOLOR), picture.pixels));
  EXPECT_EQ(found.width, 7);
  EXPECT_EQ(found.height, 5);
  EXPECT_EQ(found.pixels, picture.pixels);
}

TEST(DecodePng, StretchesGreyToEightBits) {
  EXPECT_THAT(decoded(header(2, 1, 1, SPNG_COLOR_TYPE_GRAYSCALE), {0b01000000}),
              ElementsAre(0, 0, 0, 255, 255, 255));
  EXPECT_THAT(decoded(header(2, 1, 2, SPNG_COLOR_TYPE_GRAYSCALE), {0b01100000}),
              ElementsAre(85, 85, 85, 170, 170, 170));
  EXPECT_THAT(decoded(header(2, 1, 4, SPNG_COLOR_TYPE_GRAYSCALE), {0x1E}),
              ElementsAre(17, 17, 17, 238, 238, 238));
  EXPECT_THAT(decoded(header(1, 1, 8, SPNG_COLOR_TYPE_GRAYSCALE), {77}), ElementsAre(77, 77, 77));
}

TEST(DecodePng, ClipsSixteenBitGreyLikePillow) {
  EXPECT_THAT(decoded(header(3, 1, 16, SPNG_COLOR_TYPE_GRAYSCALE), {0, 200, 1, 0, 0x80, 0}),
              ElementsAre(200, 200, 200, 255, 255, 255, 255, 255, 255));
}

TEST(DecodePng, KeepsTheUpperByteOfSixteenBitColour) {
  EXPECT_THAT(
      decoded(header(1, 1, 16, SPNG_COLOR_TYPE_TRUECOLOR), {0x12, 0xFF, 0x80, 0x00, 0xFF, 0xFF}),
      ElementsAre(0x12, 0x80, 0xFF));
}

TEST(DecodePng, DropsAlphaWithoutBlending) {
  EXPECT_THAT(decoded(header(1, 1, 8, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA), {10, 20, 30, 0}),
              ElementsAre(10, 20, 30));
  EXPECT_THAT(decoded(header(1, 1, 8, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA), {99, 0}),
              ElementsAre(99, 99, 99));
  EXPECT_THAT(decoded(header(1, 1, 16, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA), {99, 200, 0, 0}),
              ElementsAre(99, 99, 99));
}

TEST(DecodePng, LooksColoursUpInThePalette) {
  const std::array<spng_plte_entry, 3> palette = {
      {{1, 2, 3, 255}, {40, 50, 60, 255}, {200, 210, 220, 255}}};
  const Bytes expected = {200, 210, 220, 1, 2, 3};
  EXPECT_EQ(decoded(header(2, 1, 8, SPNG_COLOR_TYPE_INDEXED), {2, 0}, palette), expected);
  EXPECT_EQ(decoded(header(2, 1, 4, SPNG_COLOR_TYPE_INDEXED), {0x20}, palette), expected);
  EXPECT_EQ(decoded(header(2, 1, 2, SPNG_COLOR_TYPE_INDEXED), {0b10000000}, palette), expected);
}

TEST(DecodePng, RefusesAFileThatIsCutOff) {
  const std::vector<std::byte> whole =
      encode_png_samples(header(40, 40, 8, SPNG_COLOR_TYPE_TRUECOLOR), test::noise(40, 40).pixels);
  for (const std::size_t size :
       {std::size_t{8}, std::size_t{20}, whole.size() / 2, whole.size() - 12}) {
    expect_error(ErrorCode::kParse, "damaged PNG", [&] { decode_png(test::cut(whole, size)); });
  }
}

TEST(DecodePng, RefusesAWrongChecksum) {
  std::vector<std::byte> bytes =
      encode_png_samples(header(40, 40, 8, SPNG_COLOR_TYPE_TRUECOLOR), test::noise(40, 40).pixels);
  bytes[bytes.size() / 2] ^= std::byte{1};
  expect_error(ErrorCode::kParse, "damaged PNG", [&] { decode_png(bytes); });
}

TEST(DecodePng, RefusesDeclaredExtentsThatCannotBe) {
  const auto black = [](std::uint32_t width, std::uint32_t height) {
    const Bytes rows(std::size_t{(width + 7) / 8} * height);
    return encode_png_samples(header(width, height, 1, SPNG_COLOR_TYPE_GRAYSCALE), rows);
  };
  EXPECT_EQ(decode_png(black(1'000'000, 1)).width, 1'000'000);
  expect_error(ErrorCode::kParse, "declares 1000001x1", [&] { decode_png(black(1'000'001, 1)); });
  expect_error(ErrorCode::kParse, "declares 16385x16384", [&] { decode_png(black(16385, 16384)); });
}

}  // namespace
}  // namespace quern
