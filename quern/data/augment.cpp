#include "quern/data/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "quern/base/error.h"

namespace quern {
namespace {

constexpr int kFractionBits = 8;
constexpr int kOne = 1 << kFractionBits;

/// Where an output sample lies between two input samples of an axis.
struct Tap {
  std::int32_t first = 0;     ///< May lie outside of the picture, as may the one behind it.
  std::int32_t fraction = 0;  ///< Weight of the second, of kOne.
};

/// Taps of `crop` samples spread over [begin, begin + extent) of an axis of `side` samples. Where
/// that lies in the picture, its outermost samples go on beyond the border; elsewhere it is black.
std::vector<Tap> taps(double begin, double extent, int crop, int side) {
  std::vector<Tap> result(static_cast<std::size_t>(crop));
  const double step = extent / crop;
  constexpr double kRounding = 1e-6;
  const bool lies_inside = begin >= -kRounding && begin + extent <= side + kRounding;
  for (int i = 0; i < crop; ++i) {
    const double centre = begin + (i + 0.5) * step - 0.5;
    auto position = static_cast<std::int32_t>(std::floor(centre * kOne + 0.5));
    if (lies_inside) position = std::clamp(position, 0, (side - 1) * kOne);
    result[i] = {.first = position >> kFractionBits, .fraction = position & (kOne - 1)};
  }
  return result;
}

/// Two neighbouring rows of the picture blended, in units of 1 / kOne, with a black pixel on either
/// side.
class BlendedRow {
 public:
  explicit BlendedRow(int side)
      : side_(side), black_(std::size_t{3} * side), values_(3 * (std::size_t{2} + side)) {}

  void blend(std::span<const std::uint8_t> picture, Tap tap) {
    const std::size_t size = black_.size();
    const auto row = [&](std::int32_t y) {
      return y >= 0 && y < side_ ? picture.data() + static_cast<std::size_t>(y) * size
                                 : black_.data();
    };
    const std::uint8_t* const above = row(tap.first);
    const std::uint8_t* const below = row(tap.first + 1);
    const auto weight = static_cast<std::uint16_t>(tap.fraction);
    const auto rest = static_cast<std::uint16_t>(kOne - tap.fraction);
    std::uint16_t* const to = values_.data() + 3;
    for (std::size_t i = 0; i < size; ++i) {
      to[i] = static_cast<std::uint16_t>(above[i] * rest + below[i] * weight);
    }
  }

  /// Where the pixel of column x begins in values(); a black one outside of the picture.
  std::int32_t offset(std::int32_t x) const { return 3 * (std::clamp(x, -1, side_) + 1); }
  const std::uint16_t* values() const { return values_.data(); }

 private:
  std::int32_t side_;
  std::vector<std::uint8_t> black_;
  std::vector<std::uint16_t> values_;
};

/// Cuts the window out of the picture: [crop, crop, 3] → planes of [crop, crop].
void sample(std::span<const std::uint8_t> picture, int side, const Showing& showing, int crop,
            std::uint8_t* out) {
  BlendedRow row(side);
  const std::vector<Tap> down = taps(showing.top, showing.height, crop, side);
  std::vector<Tap> across = taps(showing.left, showing.width, crop, side);
  if (showing.flipped) std::ranges::reverse(across);
  std::vector<std::array<std::int32_t, 2>> offsets;
  for (const Tap& tap : across)
    offsets.push_back({row.offset(tap.first), row.offset(tap.first + 1)});

  constexpr std::uint32_t kHalf = 1U << (2 * kFractionBits - 1);
  const std::size_t plane = static_cast<std::size_t>(crop) * crop;
  for (int y = 0; y < crop; ++y, out += crop) {
    row.blend(picture, down[y]);
    for (int x = 0; x < crop; ++x) {
      const std::uint16_t* const left = row.values() + offsets[x][0];
      const std::uint16_t* const right = row.values() + offsets[x][1];
      const std::uint32_t weight = across[x].fraction;
      for (std::size_t c = 0; c < 3; ++c) {
        const std::uint32_t sum = left[c] * (kOne - weight) + right[c] * weight + kHalf;
        out[c * plane + x] = static_cast<std::uint8_t>(sum >> (2 * kFractionBits));
      }
    }
  }
}

/// The weights of red, green and blue in a grey (ITU-R BT.601).
constexpr std::array<float, 3> kGrey = {0.299F, 0.587F, 0.114F};

float mean_grey(const std::uint8_t* planes, std::size_t pixels) {
  float grey = 0;
  for (const float share : kGrey) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < pixels; ++i) sum += planes[i];
    grey += share * (static_cast<float>(sum) / static_cast<float>(pixels));
    planes += pixels;
  }
  return grey;
}

/// The nearest pixel value. Floats of a jitter stay far below the range of int32; clamping integers
/// is what the compiler does several at once.
std::int32_t to_pixel(float value) {
  const auto nearest = static_cast<std::int32_t>(value + 0.5F);
  return std::min(std::max(nearest, 0), 255);
}

/// Brightness, contrast and saturation of three planes of pixels in place.
void jitter(std::uint8_t* planes, std::size_t pixels, const Showing& showing) {
  const float grey = mean_grey(planes, pixels) * showing.brightness;
  const float factor = showing.brightness * showing.contrast;
  const float offset = grey - grey * showing.contrast;
  const float saturation = showing.saturation;
  // Block by block, so that results do not overwrite what the compiler has yet to load.
  constexpr std::size_t kBlock = 256;
  std::int32_t result[3][kBlock];
  for (std::size_t begin = 0; begin < pixels; begin += kBlock) {
    const std::size_t count = std::min(kBlock, pixels - begin);
    std::uint8_t* const reds = planes + begin;
    std::uint8_t* const greens = reds + pixels;
    std::uint8_t* const blues = greens + pixels;
    for (std::size_t i = 0; i < count; ++i) {
      const float red = static_cast<float>(reds[i]) * factor + offset;
      const float green = static_cast<float>(greens[i]) * factor + offset;
      const float blue = static_cast<float>(blues[i]) * factor + offset;
      const float own = kGrey[0] * red + kGrey[1] * green + kGrey[2] * blue;
      result[0][i] = to_pixel(own + (red - own) * saturation);
      result[1][i] = to_pixel(own + (green - own) * saturation);
      result[2][i] = to_pixel(own + (blue - own) * saturation);
    }
    for (std::size_t c = 0; c < 3; ++c) {
      std::uint8_t* const to = reds + c * pixels;
      for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::uint8_t>(result[c][i]);
    }
  }
}

/// A factor of `spread` about 1, by a uniform number of 0 to 1.
float factor_about_one(double spread, double uniform) {
  return static_cast<float>(1.0 + spread * (2.0 * uniform - 1.0));
}

/// 1/most to most, by a uniform number of 0 to 1; either half is as likely.
double aspect_between(double most, double uniform) {
  const double t = 1.0 + (most - 1.0) * std::abs(2.0 * uniform - 1.0);
  return uniform < 0.5 ? 1.0 / t : t;
}

}  // namespace

void check(const Augmentation& augmentation) {
  const auto in_unit = [](double value, const char* name) {
    require(value >= 0 && value <= 1, "augment.{} must be 0 to 1, got {}", name, value);
  };
  in_unit(augmentation.flip, "flip");
  in_unit(augmentation.brightness, "brightness");
  in_unit(augmentation.contrast, "contrast");
  in_unit(augmentation.saturation, "saturation");
  require(augmentation.crop_area > 0 && augmentation.crop_area <= 1,
          "augment.crop_area must be above 0 and at most 1, got {}", augmentation.crop_area);
  require(augmentation.crop_aspect >= 1 && augmentation.crop_aspect <= 4,
          "augment.crop_aspect must be 1 to 4, got {}", augmentation.crop_aspect);
  require(augmentation.pad >= 0 && augmentation.pad <= 4096,
          "augment.pad must be 0 to 4096, got {}", augmentation.pad);
  require(augmentation.mixup >= 0 && std::isfinite(augmentation.mixup),
          "augment.mixup must be 0 or more, got {}", augmentation.mixup);
}

Showing centred(int side, int crop) {
  const double margin = (side - crop) / 2;
  Showing showing;
  showing.left = showing.top = margin;
  showing.width = showing.height = crop;
  return showing;
}

Showing draw_showing(const Augmentation& augmentation, int side, int crop, Random& random) {
  std::array<double, 8> u{};
  for (double& number : u) number = random.uniform();
  Showing showing;
  showing.flipped = u[0] < augmentation.flip;
  showing.brightness = factor_about_one(augmentation.brightness, u[1]);
  showing.contrast = factor_about_one(augmentation.contrast, u[2]);
  showing.saturation = factor_about_one(augmentation.saturation, u[3]);
  if (augmentation.crop_area < 1) {
    const double area = augmentation.crop_area + (1 - augmentation.crop_area) * u[4];
    const double shape = std::sqrt(aspect_between(augmentation.crop_aspect, u[5]));
    const double length = side * std::sqrt(area);
    showing.width = std::min<double>(length * shape, side);
    showing.height = std::min<double>(length / shape, side);
    showing.left = (side - showing.width) * u[6];
    showing.top = (side - showing.height) * u[7];
  } else {
    const int places = side + 2 * augmentation.pad - crop + 1;
    const auto place = [&](double uniform) {
      return std::floor(places * uniform) - augmentation.pad;
    };
    showing.width = showing.height = crop;
    showing.left = place(u[6]);
    showing.top = place(u[7]);
  }
  return showing;
}

void show(std::span<const std::uint8_t> picture, int side, const Showing& showing, int crop,
          std::span<std::uint8_t> out) {
  require(
      picture.size() == std::size_t{3} * side * side && out.size() == std::size_t{3} * crop * crop,
      "a picture of side {} and a crop of side {} need {} and {} bytes, got {} and {}", side, crop,
      3 * side * side, 3 * crop * crop, picture.size(), out.size());
  sample(picture, side, showing, crop, out.data());
  const bool recolours =
      showing.brightness != 1 || showing.contrast != 1 || showing.saturation != 1;
  if (recolours) jitter(out.data(), out.size() / 3, showing);
}

double draw_mixup(double alpha, Random& random) {
  // Jöhnk: x^(1/α) and y^(1/α) are the parts, where their sum is at most 1.
  for (;;) {
    const double x = std::pow(random.uniform(), 1.0 / alpha);
    const double y = std::pow(random.uniform(), 1.0 / alpha);
    if (x + y > 0 && x + y <= 1) return std::max(x, y) / (x + y);
  }
}

}  // namespace quern
