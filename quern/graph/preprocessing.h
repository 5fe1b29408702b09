#pragma once

#include <array>
#include <optional>

namespace quern {

/// How a decoded picture becomes the network's input: resize, crop, then per channel
/// `y = (x · scale − mean) / std`. Travels with the model, so that every later verb sees the same
/// pixels.
struct Preprocessing {
  std::optional<int> resize =
      256;         ///< Short side after resizing (unit: pixels); none = as decoded.
  int crop = 224;  ///< Side of the centre crop (unit: pixels).
  std::optional<double>
      central_crop;      ///< Keeps this fraction of each side before resizing, 0 to 1.
  bool stretch = false;  ///< Both sides become `resize`, whatever their ratio: nothing is cut off.
  double scale = 1.0 / 255.0;                          ///< Multiplies a pixel value 0 … 255.
  std::array<double, 3> mean = {0.485, 0.456, 0.406};  ///< In the order the network reads channels.
  std::array<double, 3> std = {0.229, 0.224, 0.225};
  bool bgr = false;  ///< The network reads blue first.

  bool operator==(const Preprocessing&) const = default;
};

}  // namespace quern
