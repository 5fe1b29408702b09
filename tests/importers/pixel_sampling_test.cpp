#include "quern/importers/pixel_sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "quern/ops/resize_taps.h"

namespace quern {
namespace {

using testing::ElementsAre;
using Integers = std::vector<std::int64_t>;

constexpr PixelSampling kNearest[] = {{}, {.align_corners = true}, {.half_pixel_centers = true}};

/// TensorFlow's formula as its kernel states it.
Integers tensorflow(const PixelSampling& sampling, int input, int output) {
  float scale = static_cast<float>(input) / static_cast<float>(output);
  if (sampling.align_corners && output > 1) {
    scale = static_cast<float>(input - 1) / static_cast<float>(output - 1);
  }
  Integers pixels;
  for (int i = 0; i < output; ++i) {
    const auto position = static_cast<float>(i);
    float x = std::floor(position * scale);
    if (sampling.align_corners) x = std::round(position * scale);
    if (sampling.half_pixel_centers) x = std::floor((position + 0.5F) * scale);
    pixels.push_back(std::min(static_cast<int>(x), input - 1));
  }
  return pixels;
}

/// What an importer makes of it: the Resize, or the pixels themselves.
Integers imported(const PixelSampling& sampling, std::int64_t input, std::int64_t output) {
  if (const auto pixels = pixels_apart(sampling, {Dim{input, ""}, Dim{1, ""}}, {output, 1})) {
    EXPECT_THAT((*pixels)[1], ElementsAre(0));
    return (*pixels)[0];
  }
  const auto attributes = resize_attributes(sampling);
  const auto word = [&](const std::string& key) {
    return std::get<std::string>(attributes.at(key));
  };
  const ResizeMode mode = {word("mode") == "nearest", word("coordinate_transformation_mode"),
                           word("nearest_mode")};
  return resize_taps(mode, input, output, static_cast<float>(output) / static_cast<float>(input))
      .low;
}

TEST(PixelSampling, ReadsTensorFlowsPixelsForEveryPairOfExtents) {
  int apart = 0;
  for (const PixelSampling& sampling : kNearest) {
    for (int input = 1; input <= 64; ++input) {
      for (int output = 1; output <= 64; ++output) {
        ASSERT_EQ(imported(sampling, input, output), tensorflow(sampling, input, output))
            << input << " to " << output;
        apart += pixels_apart(sampling, {Dim{input, ""}, Dim{1, ""}}, {output, 1}) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(apart, 0);
  EXPECT_LT(apart, 400);  // Of 12288: most stay a Resize.
}

TEST(PixelSampling, SaysInOnnxsWordsWhatIsAligned) {
  using Words = std::map<std::string, Attribute>;
  const auto words = [](const char* coordinates, const char* rounding) -> Words {
    return {{"mode", std::string("nearest")},
            {"coordinate_transformation_mode", std::string(coordinates)},
            {"nearest_mode", std::string(rounding)}};
  };
  EXPECT_EQ(resize_attributes(kNearest[0]), words("asymmetric", "floor"));
  EXPECT_EQ(resize_attributes(kNearest[1]), words("align_corners", "round_prefer_ceil"));
  EXPECT_EQ(resize_attributes(kNearest[2]), words("half_pixel", "round_prefer_ceil"));
  EXPECT_FALSE(resize_attributes({.is_nearest = false}).contains("nearest_mode"));
}

TEST(PixelSampling, LeavesFreeExtentsAndMeansToTheResize) {
  const std::array<Dim, 2> fixed = {Dim{14, ""}, Dim{14, ""}};
  EXPECT_TRUE(pixels_apart({}, fixed, {46, 46}));
  EXPECT_FALSE(pixels_apart({}, {Dim{14, ""}, Dim{-1, "W"}}, {46, 46}));
  EXPECT_FALSE(pixels_apart({.is_nearest = false}, fixed, {46, 46}));
  EXPECT_FALSE(pixels_apart({}, fixed, {0, 46}));
  EXPECT_FALSE(pixels_apart({}, fixed, {46, std::int64_t{1} << 40}));
}

}  // namespace
}  // namespace quern
