#include "quern/ops/resize_taps.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace quern {
namespace {

/// Where output position `i` lies on the input's axis.
float coordinate(std::string_view mode, std::int64_t i, std::int64_t input, std::int64_t output,
                 float scale) {
  const auto position = static_cast<float>(i);
  if (mode == "asymmetric") return position / scale;
  if (mode == "align_corners") {
    return output == 1 ? 0.0F
                       : position * static_cast<float>(input - 1) / static_cast<float>(output - 1);
  }
  if (mode == "pytorch_half_pixel" && output == 1) return 0.0F;
  return (position + 0.5F) / scale - 0.5F;
}

float nearest(std::string_view mode, float x) {
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  return mode == "round_prefer_floor" ? std::ceil(x - 0.5F) : std::floor(x + 0.5F);
}

}  // namespace

ResizeMode resize_mode(const NodeView& resize) {
  return {resize.attribute<std::string>("mode") == "nearest",
          resize.attribute<std::string>("coordinate_transformation_mode"),
          resize.attribute<std::string>("nearest_mode")};
}

ResizeTaps resize_taps(const ResizeMode& mode, std::int64_t input, std::int64_t output,
                       float scale) {
  const auto last = static_cast<float>(input - 1);
  ResizeTaps taps;
  for (std::int64_t i = 0; i < output; ++i) {
    const float exact = input == output && scale == 1.0F
                            ? static_cast<float>(i)
                            : coordinate(mode.coordinates, i, input, output, scale);
    const float x = std::clamp(mode.is_nearest ? nearest(mode.rounding, exact) : exact, 0.0F, last);
    const auto low = static_cast<std::int64_t>(x);
    taps.low.push_back(low);
    taps.high.push_back(mode.is_nearest ? low : std::min(low + 1, input - 1));
    taps.weight.push_back(mode.is_nearest ? 0.0F : x - static_cast<float>(low));
  }
  return taps;
}

}  // namespace quern
