#include <gmock/gmock.h>

#include <limits>

#include "quern/data/image.h"
#include "tests/support/encode_pictures.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;
using test::noise;

/// Leaves pixel values as they are.
Preprocessing raw(int crop) {
  return {.resize = std::nullopt,
          .crop = crop,
          .central_crop = std::nullopt,
          .scale = 1.0,
          .mean = {0, 0, 0},
          .std = {1, 1, 1},
          .bgr = false};
}

std::vector<float> preprocessed(const Image& image, const Preprocessing& how) {
  std::vector<float> out(std::size_t{3} * how.crop * how.crop,
                         std::numeric_limits<float>::quiet_NaN());
  preprocess(image, how, out);
  return out;
}

/// What `crop` x `crop` pixels of `image` from (left, top) on are, black outside of it.
std::vector<float> planes(const Image& image, int left, int top, int crop) {
  std::vector<float> out;
  for (int c = 0; c < 3; ++c) {
    for (int y = top; y < top + crop; ++y) {
      for (int x = left; x < left + crop; ++x) {
        const bool inside = x >= 0 && x < image.width && y >= 0 && y < image.height;
        out.push_back(inside ? static_cast<float>(image.pixels[3 * (y * image.width + x) + c])
                             : 0.0F);
      }
    }
  }
  return out;
}

TEST(Preprocess, CropsTheCentreWithHalvesRoundedToEven) {
  const Image picture = noise(9, 7);
  EXPECT_EQ(preprocessed(picture, raw(5)), planes(picture, 2, 1, 5));
  EXPECT_EQ(preprocessed(picture, raw(4)), planes(picture, 2, 2, 4));  // 2.5 and 1.5
}

TEST(Preprocess, PutsABlackBorderAroundASmallPicture) {
  const Image picture = noise(2, 7);
  EXPECT_EQ(preprocessed(picture, raw(5)), planes(picture, -1, 1, 5));  // borders of 1 and 2
  EXPECT_EQ(preprocessed(picture, raw(8)), planes(picture, -3, 0, 8));
}

TEST(Preprocess, ScalesTheShortSideAndRoundsTheLongOne) {
  Preprocessing how = raw(4);
  how.resize = 4;
  const Image wide = noise(11, 6);  // 11 · 4 / 6 = 7.33
  EXPECT_EQ(preprocessed(wide, how), planes(resize(wide, 7, 4), 2, 0, 4));
  const Image tall = noise(9, 17);  // 17 · 4 / 9 = 7.56
  EXPECT_EQ(preprocessed(tall, how), planes(resize(tall, 4, 8), 0, 2, 4));
}

TEST(Preprocess, StretchesBothSidesSoThatNothingIsCutOff) {
  Preprocessing how = raw(4);
  how.resize = 4;
  how.stretch = true;
  const Image wide = noise(11, 6);
  EXPECT_EQ(preprocessed(wide, how), planes(resize(wide, 4, 4), 0, 0, 4));
  how.resize = 6;
  EXPECT_EQ(preprocessed(wide, how), planes(resize(wide, 6, 6), 1, 1, 4));
}

TEST(Preprocess, SurvivesAOnePixelHighPicture) {
  const Image line = noise(100'000, 1);
  Preprocessing how = raw(224);
  how.resize = 256;
  EXPECT_THAT(preprocessed(line, how),
              testing::Each(testing::AllOf(testing::Ge(0), testing::Le(255))));
}

TEST(Preprocess, CutsTheCentralFractionFirst) {
  Preprocessing how = raw(3);
  how.central_crop = 0.5;
  const Image picture = noise(10, 8);  // margins of 2 and 2, which leaves 6 x 4
  how.resize = 3;

  Image middle{.width = 6, .height = 4, .pixels = {}};
  for (int y = 2; y < 6; ++y) {
    const auto row = picture.pixels.begin() + std::ptrdiff_t{3} * (y * 10 + 2);
    middle.pixels.insert(middle.pixels.end(), row, row + 18);
  }
  const Image scaled = resize(middle, 4, 3);  // 6 · 3 / 4 = 4.5, to even
  EXPECT_EQ(preprocessed(picture, how), planes(scaled, 0, 0, 3));
}

TEST(Preprocess, NormalizesInTorchvisionsOrderOfFloatOperations) {
  Image ramp{.width = 16, .height = 16, .pixels = {}};
  for (int value = 0; value < 256; ++value) ramp.pixels.insert(ramp.pixels.end(), 3, value);
  Preprocessing how = raw(16);
  how.scale = 1.0 / 255.0;
  how.mean = {0.485, 0.456, 0.406};
  how.std = {0.229, 0.224, 0.225};

  const std::vector<float> found = preprocessed(ramp, how);

  for (int c = 0; c < 3; ++c) {
    for (int value = 0; value < 256; ++value) {
      const float unit = static_cast<float>(value) / 255.0F;
      const float expected =
          (unit - static_cast<float>(how.mean[c])) / static_cast<float>(how.std[c]);
      ASSERT_EQ(found[256 * c + value], expected) << "value " << value << " of channel " << c;
    }
  }
}

TEST(Preprocess, NormalizesBorderAsBlack) {
  Preprocessing how = raw(3);
  how.mean = {5, 6, 7};
  const std::vector<float> found = preprocessed(noise(1, 1), how);
  EXPECT_EQ(found[0], -5);
  EXPECT_EQ(found[9], -6);
  EXPECT_EQ(found[18], -7);
}

TEST(Preprocess, ReversesChannelsBeforeTheirMeans) {
  const Image pixel{.width = 1, .height = 1, .pixels = {10, 20, 30}};
  Preprocessing how = raw(1);
  how.mean = {1, 2, 3};
  how.bgr = true;
  EXPECT_THAT(preprocessed(pixel, how), testing::ElementsAre(29, 18, 7));
}

TEST(Preprocess, RefusesImpossibleOptions) {
  const auto refuse = [](const std::string& part, const Preprocessing& how) {
    expect_error(ErrorCode::kInvalidArgument, part, [&] {
      std::vector<float> out(12);
      preprocess(noise(4, 4), how, out);
    });
  };
  const auto with = [](auto&& change) {
    Preprocessing how = raw(2);
    change(how);
    return how;
  };
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  refuse("crop must be positive, got 0", with([](auto& how) { how.crop = 0; }));
  refuse("needs 27 floats, got 12", with([](auto& how) { how.crop = 3; }));
  refuse("resize must be positive, got 0", with([](auto& how) { how.resize = 0; }));
  refuse("stretch needs the side", with([](auto& how) { how.stretch = true; }));
  refuse("central_crop", with([](auto& how) { how.central_crop = 0.0; }));
  refuse("central_crop", with([](auto& how) { how.central_crop = 1.5; }));
  refuse("scale", with([](auto& how) { how.scale = kNaN; }));
  refuse("mean", with([](auto& how) { how.mean[1] = kNaN; }));
  refuse("std", with([](auto& how) { how.std[2] = 0; }));
  expect_error(ErrorCode::kInvalidArgument, "empty", [] { preprocess({}, raw(1), {}); });
}

}  // namespace
}  // namespace quern
