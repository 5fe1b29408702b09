#include "quern/data/synthetic.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "quern/base/error.h"
#include "quern/base/file.h"
#include "quern/base/random.h"
#include "quern/data/encode_jpeg.h"

namespace quern {
namespace {

constexpr int kQuality = 90;

using Colour = std::array<int, 3>;

/// Whether the point (u, v), seen from the middle of a shape of radius `r`, belongs to it.
bool is_inside(int label, int u, int v, int r) {
  const int far = std::max(std::abs(u), std::abs(v));
  const int near = std::min(std::abs(u), std::abs(v));
  const int square = u * u + v * v;
  const auto fifth = [r](int x) { return (x + r) * 5 / (2 * r + 1); };  // 0 … 4 across the shape
  switch (label) {
    case 0:
      return square <= r * r;
    case 1:
      return square <= r * r && 4 * square >= r * r;
    case 2:
      return 5 * far <= 4 * r;
    case 3:
      return 5 * far <= 4 * r && 2 * far >= r;
    case 4:
      return std::abs(v) <= r && 2 * std::abs(u) <= v + r;
    case 5:
      return far <= r && 3 * near <= r;
    case 6:
      return far <= r && 3 * (far - near) <= r;
    case 7:
      return far + near <= r;
    case 8:
      return far <= r && fifth(v) % 2 == 0;
    default:
      return far <= r && (fifth(u) + fifth(v)) % 2 == 0;
  }
}

/// Smooth noise of 0 … 255: random values on a grid, blended linearly in between.
class Texture {
 public:
  Texture(int width, int height, Random& random)
      : cell_(static_cast<int>(random.integer(8, 64))), columns_(width / cell_ + 2) {
    knots_.resize(static_cast<std::size_t>(columns_) * (height / cell_ + 2));
    for (int& knot : knots_) knot = static_cast<int>(random.integer(0, 255));
  }

  int at(int x, int y) const {
    const int* knot = &knots_[static_cast<std::size_t>(y / cell_) * columns_ + x / cell_];
    const int right = x % cell_;
    const int down = y % cell_;
    const int above = knot[0] * (cell_ - right) + knot[1] * right;
    const int below = knot[columns_] * (cell_ - right) + knot[columns_ + 1] * right;
    return (above * (cell_ - down) + below * down) / (cell_ * cell_);
  }

 private:
  int cell_;
  int columns_;
  std::vector<int> knots_;
};

Colour random_colour(Random& random) {
  Colour colour;
  for (int& channel : colour) channel = static_cast<int>(random.integer(0, 255));
  return colour;
}

/// A colour about half the range away from the mean of two others, in every channel.
Colour contrasting_colour(const Colour& a, const Colour& b, Random& random) {
  Colour colour;
  for (int c = 0; c < 3; ++c) {
    colour[c] = ((a[c] + b[c]) / 2 + static_cast<int>(random.integer(96, 160))) % 256;
  }
  return colour;
}

Image draw(int label, Random& random) {
  Image image;
  image.width = static_cast<int>(random.integer(160, 400));
  image.height = static_cast<int>(random.integer(160, 400));
  image.pixels.resize(std::size_t{3} * image.width * image.height);
  const int short_side = std::min(image.width, image.height);
  const int r = static_cast<int>(random.integer(short_side / 6, short_side / 3));
  const int center_x = static_cast<int>(random.integer(r, image.width - r));
  const int center_y = static_cast<int>(random.integer(r, image.height - r));
  const Texture texture(image.width, image.height, random);
  const Colour light = random_colour(random);
  const Colour dark = random_colour(random);
  const Colour shape = contrasting_colour(light, dark, random);

  std::uint8_t* pixel = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const bool inside = is_inside(label, x - center_x, y - center_y, r);
      const int shade = texture.at(x, y);
      const int grain = static_cast<int>(random.next() >> 60) - 8;
      for (int c = 0; c < 3; ++c) {
        const int background = (light[c] * shade + dark[c] * (255 - shade)) / 255;
        *pixel++ =
            static_cast<std::uint8_t>(std::clamp((inside ? shape[c] : background) + grain, 0, 255));
      }
    }
  }
  return image;
}

}  // namespace

void write_synthetic_photos(const std::filesystem::path& folder, int count, std::uint64_t seed) {
  require(count > 0, "the number of synthetic photos must be positive, got {}", count);
  Random random(seed);
  std::string list;
  for (int i = 0; i < count; ++i) {
    const int label = i % kSyntheticClasses;
    const std::string name = fmt::format("images/{:04}.jpg", i);
    write_file(folder / name, encode_jpeg(draw(label, random), kQuality));
    list += fmt::format("{} {}\n", name, label);
  }
  write_file(folder / "list.txt", list);
}

}  // namespace quern
