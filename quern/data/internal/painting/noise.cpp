#include "quern/data/internal/painting/noise.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace quern::painting {
namespace {

/// 6t⁵ − 15t⁴ + 10t³: flat at both ends, twice over.
float fade(float t) { return t * t * t * (t * (t * 6 - 15) + 10); }

/// Knots of an octave must not lie on those of another, where all are 0.
constexpr float kShift = 17.31F;

}  // namespace

Noise::Noise(std::uint64_t seed) : seed_(static_cast<std::uint32_t>(seed ^ (seed >> 32))) {}

/// What the slope at a knot gives at a point beside it.
float Noise::corner(std::int32_t x, std::int32_t y, float right, float down) const {
  std::uint32_t hash = static_cast<std::uint32_t>(x) * 0x8DA6B343U ^
                       static_cast<std::uint32_t>(y) * 0xD8163841U ^ seed_;
  hash = (hash ^ (hash >> 15)) * 0x2C1B3C6DU;
  hash = (hash ^ (hash >> 12)) * 0x297A2D39U;
  hash ^= hash >> 15;
  constexpr float kDiagonal = 0.70710678F;
  constexpr std::array<std::array<float, 2>, 8> kSlopes = {{{1, 0},
                                                            {-1, 0},
                                                            {0, 1},
                                                            {0, -1},
                                                            {kDiagonal, kDiagonal},
                                                            {-kDiagonal, kDiagonal},
                                                            {kDiagonal, -kDiagonal},
                                                            {-kDiagonal, -kDiagonal}}};
  const auto& slope = kSlopes[hash & 7];
  return slope[0] * right + slope[1] * down;
}

float Noise::at(float x, float y) const {
  const float left = std::floor(x);
  const float top = std::floor(y);
  const float right = x - left;
  const float down = y - top;
  const auto column = static_cast<std::int32_t>(left);
  const auto row = static_cast<std::int32_t>(top);
  const float across = fade(right);
  const float above =
      blend(corner(column, row, right, down), corner(column + 1, row, right - 1, down), across);
  const float below = blend(corner(column, row + 1, right, down - 1),
                            corner(column + 1, row + 1, right - 1, down - 1), across);
  constexpr float kToUnit = 1.4F;
  return kToUnit * blend(above, below, fade(down));
}

float Noise::fractal(float x, float y, int octaves) const {
  float sum = 0;
  float weight = 0.5F;
  for (int i = 0; i < octaves; ++i) {
    sum += weight * at(x, y);
    x = 2 * x + kShift;
    y = 2 * y - kShift;
    weight *= 0.5F;
  }
  return 1.5F * sum;
}

float Noise::billows(float x, float y, int octaves) const {
  float sum = 0;
  float weight = 0.5F;
  for (int i = 0; i < octaves; ++i) {
    sum += weight * std::abs(at(x, y));
    x = 2 * x + kShift;
    y = 2 * y - kShift;
    weight *= 0.5F;
  }
  return std::min(1.6F * sum, 1.0F);
}

float smooth_step(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}

}  // namespace quern::painting
