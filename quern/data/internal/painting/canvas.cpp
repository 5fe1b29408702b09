#include "quern/data/internal/painting/canvas.h"

#include <algorithm>
#include <cmath>

namespace quern::painting {

Colour operator*(const Colour& colour, float factor) {
  return {colour.red * factor, colour.green * factor, colour.blue * factor};
}

Colour operator+(const Colour& a, const Colour& b) {
  return {a.red + b.red, a.green + b.green, a.blue + b.blue};
}

Colour blend(const Colour& a, const Colour& b, float t) { return a * (1 - t) + b * t; }

Colour gradient(const std::vector<Colour>& colours, float t) {
  const float position = std::clamp(t, 0.0F, 1.0F) * static_cast<float>(colours.size() - 1);
  const auto first = std::min(static_cast<std::size_t>(position), colours.size() - 2);
  return blend(colours[first], colours[first + 1], position - static_cast<float>(first));
}

float uniform(Random& random, float low, float high) {
  return low + (high - low) * static_cast<float>(random.uniform());
}

Colour vary(const Colour& colour, float spread, Random& random) {
  const float all = uniform(random, -spread, spread);
  const auto channel = [&](float value) {
    return std::max(0.0F, value + all + uniform(random, -spread, spread) / 3);
  };
  const float red = channel(colour.red);
  const float green = channel(colour.green);
  return {red, green, channel(colour.blue)};
}

void Box::take_in(float x, float y) {
  left = std::min(left, x);
  top = std::min(top, y);
  right = std::max(right, x);
  bottom = std::max(bottom, y);
}

int Canvas::pixel_from(float x) const {
  const auto first = static_cast<int>(std::floor(x * static_cast<float>(side_) + 0.5F));
  return std::clamp(first, 0, side_);
}

Image Canvas::photo(Random& random) const {
  const float exposure = uniform(random, 0.85F, 1.12F);
  const float grain = uniform(random, 0.004F, 0.022F);
  const float vignette = uniform(random, 0.0F, 0.3F);
  const Colour cast = {uniform(random, 0.95F, 1.05F), 1, uniform(random, 0.95F, 1.05F)};
  Image image{.width = side_, .height = side_, .pixels = {}};
  image.pixels.reserve(3 * pixels_.size());
  for (int row = 0; row < side_; ++row) {
    for (int column = 0; column < side_; ++column) {
      const float x = 2 * static_cast<float>(column) / static_cast<float>(side_) - 1;
      const float y = 2 * static_cast<float>(row) / static_cast<float>(side_) - 1;
      const float light = exposure * (1 - vignette * (x * x + y * y) / 2);
      const Colour& pixel = pixels_[static_cast<std::size_t>(row) * side_ + column];
      const float speckle = grain * (static_cast<float>(random.next() >> 48) / 32768.0F - 1);
      for (const float value :
           {pixel.red * cast.red, pixel.green * cast.green, pixel.blue * cast.blue}) {
        // What is brighter than white bleeds a little less than it would.
        const float lit = value * light + speckle;
        const float shown = lit > 0.8F ? 0.8F + (lit - 0.8F) / (1 + 2 * (lit - 0.8F)) : lit;
        image.pixels.push_back(
            static_cast<std::uint8_t>(std::clamp(255 * shown + 0.5F, 0.0F, 255.0F)));
      }
    }
  }
  return image;
}

}  // namespace quern::painting
