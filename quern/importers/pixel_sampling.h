// Resizing in TensorFlow and in TFLite, which find pixels alike.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// How the source of a resized pixel is found.
struct PixelSampling {
  bool is_nearest = true;  ///< Otherwise linear.
  bool align_corners = false;
  bool half_pixel_centers = false;
};

/// The Resize that samples so, in ONNX's words.
std::map<std::string, Attribute> resize_attributes(const PixelSampling& sampling);

/// The rows and the columns that TensorFlow reads, where that Resize reads other ones: TensorFlow
/// multiplies a position by the rounded in / out and ONNX Runtime divides it by the rounded out /
/// in, so that where the result is a whole number (or a half) each may fall to the other side.
/// None where both read the same, as for all but a few pairs of extents, and where the image's
/// height or width is free.
/// @param image  Height and width.
/// @param size   Those of the result.
std::optional<std::array<std::vector<std::int64_t>, 2>> pixels_apart(
    const PixelSampling& sampling, const std::array<Dim, 2>& image,
    const std::vector<std::int64_t>& size);

}  // namespace quern
