#include "quern/data/augment.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "quern/data/image.h"
#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;
using test::noise;

constexpr int kSide = 12;

std::vector<std::uint8_t> shown(const Showing& showing, int crop) {
  std::vector<std::uint8_t> out(std::size_t{3} * crop * crop);
  show(noise(kSide, kSide).pixels, kSide, showing, crop, out);
  return out;
}

/// The value of channel c at (x, y) of the picture, 0 outside of it.
int pixel(int x, int y, int c) {
  const Image picture = noise(kSide, kSide);
  const bool inside = x >= 0 && y >= 0 && x < kSide && y < kSide;
  return inside ? picture.pixels[3 * (y * kSide + x) + c] : 0;
}

Showing moved(int left, int top, int crop) {
  Showing showing = centred(kSide, crop);
  showing.left = left;
  showing.top = top;
  return showing;
}

TEST(Show, CopiesWhatIsOnlyMovedAndMirrored) {
  constexpr int kCrop = 8;
  for (const bool flipped : {false, true}) {
    for (const auto& [left, top] : {std::pair(2, 2), std::pair(-3, 1), std::pair(6, 7)}) {
      Showing showing = moved(left, top, kCrop);
      showing.flipped = flipped;
      const auto out = shown(showing, kCrop);
      for (int i = 0; i < 3 * kCrop * kCrop; ++i) {
        const int x = i % kCrop;
        const int y = i / kCrop % kCrop;
        const int column = left + (flipped ? kCrop - 1 - x : x);
        ASSERT_EQ(out[i], pixel(column, top + y, i / kCrop / kCrop)) << "at " << x << ", " << y;
      }
    }
  }
}

TEST(Show, TheMiddleIsWhatTheCentreCropSees) {
  const Preprocessing how{.resize = std::nullopt, .crop = 8};
  const Image fitted = fit(noise(kSide, kSide), how);
  const auto out = shown(centred(kSide, 8), 8);
  for (std::size_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], fitted.pixels[i % 64 * 3 + i / 64]);
}

TEST(Show, ResizesByBlendingNeighbours) {
  Showing
      showing;  // Twice as large: each output lies a quarter from one input, three from another.
  showing.left = showing.top = 4;
  showing.width = showing.height = 2;
  const auto out = shown(showing, 4);
  const double expected = 0.75 * (0.75 * pixel(4, 4, 0) + 0.25 * pixel(5, 4, 0)) +
                          0.25 * (0.75 * pixel(4, 5, 0) + 0.25 * pixel(5, 5, 0));
  constexpr double kHalfPixel = 0.5;  // One rounding: weights of quarters are exact.
  EXPECT_NEAR(out[5], expected, kHalfPixel);
}

TEST(Show, GoesOnBeyondTheBorderOfAWholePicture) {
  Showing showing;
  showing.width = showing.height = kSide;
  const auto out = shown(showing, 2 * kSide);
  EXPECT_EQ(out[0], pixel(0, 0, 0));
  EXPECT_EQ(out[2 * kSide - 1], pixel(kSide - 1, 0, 0));
}

TEST(Show, ChangesColoursByTheirFactors) {
  const std::vector<std::uint8_t> grey = {100, 100, 100, 200, 200, 200, 0, 0, 0, 100, 100, 100};
  const auto coloured = [](const std::vector<std::uint8_t>& picture, Showing showing) {
    showing.width = showing.height = 2;
    std::vector<std::uint8_t> out(12);
    show(picture, 2, showing, 2, out);
    return std::vector<int>(out.begin(), out.begin() + 4);
  };
  EXPECT_THAT(coloured(grey, {.brightness = 1.5F}), testing::ElementsAre(150, 255, 0, 150));
  EXPECT_THAT(coloured(grey, {.contrast = 0.5F}), testing::ElementsAre(100, 150, 50, 100));
  EXPECT_THAT(coloured(grey, {.saturation = 0.0F}), testing::ElementsAre(100, 200, 0, 100));
  const std::vector<std::uint8_t> red = {200, 0, 0, 200, 0, 0, 200, 0, 0, 200, 0, 0};
  // Its grey is 59.8.
  EXPECT_THAT(coloured(red, {.saturation = 0.0F}), testing::Each(60));
  EXPECT_THAT(coloured(red, {.saturation = 0.5F}), testing::Each(130));
}

TEST(Show, RefusesOtherSizes) {
  std::vector<std::uint8_t> out(12);
  expect_error(ErrorCode::kInvalidArgument, "need 27 and 12 bytes, got 12 and 12",
               [&] { show(std::vector<std::uint8_t>(12), 3, centred(3, 2), 2, out); });
}

TEST(DrawShowing, StaysInThePicture) {
  Random random(7);
  const Augmentation augmentation{.crop_area = 0.1, .crop_aspect = 2};
  for (int i = 0; i < 1000; ++i) {
    const Showing showing = draw_showing(augmentation, 100, 64, random);
    EXPECT_GE(showing.left, 0);
    EXPECT_GE(showing.top, 0);
    EXPECT_LE(showing.left + showing.width, 100 + 1e-9);
    EXPECT_LE(showing.top + showing.height, 100 + 1e-9);
    EXPECT_LE(showing.width * showing.height, 100 * 100);
    EXPECT_LE(std::max(showing.width / showing.height, showing.height / showing.width), 2 + 1e-9);
  }
}

TEST(DrawShowing, MovesOverTheBorderByThePadding) {
  Random random(7);
  const Augmentation augmentation{.crop_area = 1, .pad = 2};
  double least = 100;
  double most = -100;
  for (int i = 0; i < 1000; ++i) {
    const Showing showing = draw_showing(augmentation, 32, 32, random);
    EXPECT_EQ(showing.width, 32);
    EXPECT_EQ(showing.left, static_cast<int>(showing.left));
    least = std::min(least, showing.left);
    most = std::max(most, showing.left);
  }
  EXPECT_EQ(least, -2);
  EXPECT_EQ(most, 2);
}

TEST(DrawShowing, LeavesThePictureAloneWhereAllIsOff) {
  Random random(7);
  const Augmentation off{
      .flip = 0, .crop_area = 1, .brightness = 0, .contrast = 0, .saturation = 0};
  const Showing showing = draw_showing(off, 32, 32, random);
  EXPECT_EQ(showing.left, 0);
  EXPECT_FALSE(showing.flipped);
  EXPECT_EQ(showing.brightness, 1);
  EXPECT_EQ(showing.contrast, 1);
  EXPECT_EQ(showing.saturation, 1);
}

TEST(DrawShowing, SwitchingOnePartOffKeepsTheOthers) {
  Random a(3);
  Random b(3);
  const Showing with = draw_showing({}, 64, 48, a);
  const Showing without = draw_showing({.flip = 0, .contrast = 0}, 64, 48, b);
  EXPECT_EQ(with.left, without.left);
  EXPECT_EQ(with.saturation, without.saturation);
  EXPECT_EQ(a.next(), b.next());
}

TEST(DrawMixup, IsBetweenHalfAndOne) {
  Random random(1);
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    const double share = draw_mixup(0.2, random);
    ASSERT_GE(share, 0.5);
    ASSERT_LE(share, 1);
    sum += share;
  }
  EXPECT_GT(sum / 1000, 0.85);  // Beta(0.2, 0.2) lies mostly near its ends.
}

TEST(CheckAugmentation, NamesWhatIsOutOfItsDomain) {
  check(Augmentation{});
  const auto refuse = [](const Augmentation& augmentation, const char* message) {
    expect_error(ErrorCode::kInvalidArgument, message, [&] { check(augmentation); });
  };
  refuse({.flip = 1.5}, "augment.flip must be 0 to 1, got 1.5");
  refuse({.brightness = -1}, "augment.brightness must be 0 to 1, got -1");
  refuse({.contrast = 2}, "augment.contrast must be 0 to 1, got 2");
  refuse({.saturation = 2}, "augment.saturation must be 0 to 1, got 2");
  refuse({.crop_area = 0}, "augment.crop_area must be above 0 and at most 1, got 0");
  refuse({.crop_aspect = 0.5}, "augment.crop_aspect must be 1 to 4, got 0.5");
  refuse({.pad = -1}, "augment.pad must be 0 to 4096, got -1");
  refuse({.mixup = -1}, "augment.mixup must be 0 or more, got -1");
}

}  // namespace
}  // namespace quern
