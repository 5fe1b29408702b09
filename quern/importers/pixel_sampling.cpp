#include "quern/importers/pixel_sampling.h"

#include <algorithm>
#include <cmath>

#include "quern/ops/resize_taps.h"

namespace quern {
namespace {

std::string coordinates(const PixelSampling& sampling) {
  if (sampling.align_corners) return "align_corners";
  return sampling.half_pixel_centers ? "half_pixel" : "asymmetric";
}

/// Half pixels: floor((x + 0.5) · scale) is (x + 0.5) · scale − 0.5 rounded up from halves.
std::string rounding(const PixelSampling& sampling) {
  return sampling.align_corners || sampling.half_pixel_centers ? "round_prefer_ceil" : "floor";
}

/// What TensorFlow's kernel for the nearest pixel reads along an axis, in its float32.
std::vector<std::int64_t> nearest_pixels(const PixelSampling& sampling, std::int64_t input,
                                         std::int64_t output) {
  const bool spans = sampling.align_corners && output > 1;
  const std::int64_t gaps = spans ? 1 : 0;  // One fewer than pixels lie between the corners.
  const float scale = static_cast<float>(input - gaps) / static_cast<float>(output - gaps);
  const float offset = sampling.half_pixel_centers ? 0.5F : 0.0F;
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < output; ++i) {
    const float x = (static_cast<float>(i) + offset) * scale;
    const float pixel = sampling.align_corners ? std::round(x) : std::floor(x);
    result.push_back(std::min(static_cast<std::int64_t>(pixel), input - 1));
  }
  return result;
}

}  // namespace

std::map<std::string, Attribute> resize_attributes(const PixelSampling& sampling) {
  std::map<std::string, Attribute> result = {
      {"mode", std::string(sampling.is_nearest ? "nearest" : "linear")},
      {"coordinate_transformation_mode", coordinates(sampling)}};
  if (sampling.is_nearest) result["nearest_mode"] = rounding(sampling);
  return result;
}

std::optional<std::array<std::vector<std::int64_t>, 2>> pixels_apart(
    const PixelSampling& sampling, const std::array<Dim, 2>& image,
    const std::vector<std::int64_t>& size) {
  if (!sampling.is_nearest) return std::nullopt;
  constexpr std::int64_t kMost = 1 << 16;  // Of a list of pixels; no picture is larger.
  const ResizeMode mode = {true, coordinates(sampling), rounding(sampling)};
  std::array<std::vector<std::int64_t>, 2> pixels;
  bool same = true;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t input = image[i].size;
    const std::int64_t output = size.at(i);
    if (!image[i].is_fixed() || input < 1 || output < 1 || output > kMost) return std::nullopt;
    pixels[i] = nearest_pixels(sampling, input, output);
    const float scale = static_cast<float>(output) / static_cast<float>(input);
    same = same && pixels[i] == resize_taps(mode, input, output, scale).low;
  }
  return same ? std::nullopt : std::optional(pixels);
}

}  // namespace quern
