#pragma once

#include <optional>
#include <vector>

#include "quern/base/random.h"
#include "quern/data/image.h"
#include "quern/data/internal/painting/noise.h"

namespace quern::painting {

/// Light of a pixel; 1 is as bright as an 8-bit picture shows.
struct Colour {
  float red = 0;
  float green = 0;
  float blue = 0;
};

Colour operator*(const Colour& colour, float factor);
Colour operator+(const Colour& a, const Colour& b);
Colour blend(const Colour& a, const Colour& b, float t);

/// The colour at t of a row of colours, evenly spaced from 0 to 1.
Colour gradient(const std::vector<Colour>& colours, float t);

/// A float of [low, high).
float uniform(Random& random, float low, float high);

/// A colour whose channels lie at most `spread` away from `colour`'s, all by the same amount and
/// each by a third of it.
Colour vary(const Colour& colour, float spread, Random& random);

/// The smallest rectangle around what was painted, as fractions of the picture.
struct Box {
  float left = 1;
  float top = 1;
  float right = 0;
  float bottom = 0;

  void take_in(float x, float y);
  bool is_empty() const { return right <= left || bottom <= top; }
};

/// A square picture being painted. Coordinates are fractions of its side, 0 to 1, from the upper
/// left corner.
class Canvas {
 public:
  explicit Canvas(int side) : side_(side), pixels_(static_cast<std::size_t>(side) * side) {}

  int side() const { return side_; }

  /// Calls `colour(x, y, pixel)` for every pixel whose middle lies in the rectangle.
  template <class Paint>
  void paint(float left, float top, float right, float bottom, Paint&& paint_pixel) {
    const int first_column = pixel_from(left);
    const int last_column = pixel_from(right);
    const int last_row = pixel_from(bottom);
    for (int row = pixel_from(top); row < last_row; ++row) {
      const float y = (static_cast<float>(row) + 0.5F) / static_cast<float>(side_);
      Colour* const pixels = pixels_.data() + static_cast<std::size_t>(row) * side_;
      for (int column = first_column; column < last_column; ++column) {
        const float x = (static_cast<float>(column) + 0.5F) / static_cast<float>(side_);
        paint_pixel(x, y, pixels[column]);
      }
    }
  }

  template <class Paint>
  void paint(Paint&& paint_pixel) {
    paint(0, 0, 1, 1, paint_pixel);
  }

  /// A photo of it: exposure, darker corners, grain.
  Image photo(Random& random) const;

 private:
  /// The first pixel whose middle is not before `x`.
  int pixel_from(float x) const;

  int side_;
  std::vector<Colour> pixels_;
};

}  // namespace quern::painting
