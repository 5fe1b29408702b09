#pragma once

#include <cstdint>

namespace quern::painting {

/// Smooth noise over the plane, the same on every machine: sums, products and integers only, no
/// function that a library may round in its own way. One unit is the distance of its knots.
///
/// Source: Perlin, "Improving noise", 2002.
class Noise {
 public:
  explicit Noise(std::uint64_t seed);

  /// −1 to 1, mean 0.
  float at(float x, float y) const;

  /// Octaves of halving size and weight; about −1 to 1.
  float fractal(float x, float y, int octaves) const;

  /// The same of absolute values: round heaps with sharp valleys, 0 to 1.
  float billows(float x, float y, int octaves) const;

 private:
  float corner(std::int32_t x, std::int32_t y, float right, float down) const;

  std::uint32_t seed_;
};

/// 0 below `low`, 1 above `high`, smooth in between.
float smooth_step(float low, float high, float x);

/// a at t = 0, b at t = 1.
inline float blend(float a, float b, float t) { return a + (b - a) * t; }

}  // namespace quern::painting
