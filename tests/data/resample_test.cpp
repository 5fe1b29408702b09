#include "quern/data/resample.h"

#include <gmock/gmock.h>

#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::noise;
using testing::ElementsAre;

/// FNV-1a.
std::uint64_t hash(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const std::uint8_t byte : bytes) value = (value ^ byte) * 0x100000001b3;
  return value;
}

// Expected pixels: Image.fromarray(noise).resize(size, Image.BILINEAR) of Pillow 13.0.0.
TEST(Resize, EqualsPillow) {
  EXPECT_THAT(resize(noise(5, 4), 3, 2).pixels,
              ElementsAre(89, 122, 170, 126, 144, 146, 139, 60, 185, 81, 142, 173, 100, 162, 144,
                          127, 137, 168));
  EXPECT_THAT(resize(noise(3, 2), 5, 3).pixels,
              ElementsAre(5, 4, 139, 68, 95, 95, 162, 232, 28, 140, 177, 102, 126, 140, 152, 103, 7,
                          165, 144, 54, 141, 205, 125, 104, 155, 123, 161, 122, 121, 199, 200, 10,
                          190, 219, 13, 186, 247, 18, 179, 169, 68, 219, 117, 101, 245));
  EXPECT_EQ(hash(resize(noise(97, 61), 40, 33).pixels), 0xc80963cb843d8dc);
  EXPECT_EQ(hash(resize(noise(40, 33), 97, 61).pixels), 0x2a7242943fb3095d);
}

TEST(Resize, TakesTheVerticalPassFirstWhereTheHeightShrinksMost) {
  EXPECT_THAT(resize(noise(2, 9), 3, 2).pixels,
              ElementsAre(120, 96, 174, 129, 98, 174, 138, 99, 173, 89, 143, 129, 89, 157, 160, 89,
                          170, 190));
  EXPECT_EQ(hash(resize(noise(37, 150), 30, 20).pixels), 0x3ce88fa4f0e36ab6);
}

TEST(Resize, LeavesAPictureOfThatSizeAsItIs) {
  const Image picture = noise(13, 7);
  EXPECT_EQ(resize(picture, 13, 7).pixels, picture.pixels);
}

TEST(Resize, KeepsOneColourAtAnyScale) {
  const Image white{.width = 5000, .height = 3, .pixels = std::vector<std::uint8_t>(45000, 255)};
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 100}, {6000, 2}}) {
    EXPECT_THAT(resize(white, width, height).pixels, testing::Each(255));
  }
}

TEST(Resize, RefusesEmptyPictures) {
  test::expect_error(ErrorCode::kInvalidArgument, "0x3", [] { resize(noise(2, 2), 0, 3); });
  test::expect_error(ErrorCode::kInvalidArgument, "empty", [] { resize({}, 2, 2); });
}

TEST(Resample, CutsTheWindowOutOfTheResizedPicture) {
  const Image picture = noise(30, 90);
  for (const auto& [width, height] : {std::pair{17, 70}, {41, 100}, {25, 20}}) {
    const Image whole = resize(picture, width, height);
    const Window window{.left = 3, .top = 5, .width = 11, .height = 9};

    const Image part = resample(picture, {0, 0, 30, 90}, width, height, window);

    for (int y = 0; y < 9; ++y) {
      for (int i = 0; i < 3 * 11; ++i) {
        ASSERT_EQ(part.pixels[y * 33 + i], whole.pixels[3 * ((y + 5) * width + 3) + i]);
      }
    }
  }
}

TEST(Resample, SeesNothingOutsideTheSource) {
  const Image picture = noise(20, 16);
  const Window source{.left = 4, .top = 3, .width = 9, .height = 8};
  const Image cut = resample(picture, source, 9, 8, {0, 0, 9, 8});

  EXPECT_EQ(resample(picture, source, 5, 6, {0, 0, 5, 6}).pixels, resize(cut, 5, 6).pixels);
}

}  // namespace
}  // namespace quern
