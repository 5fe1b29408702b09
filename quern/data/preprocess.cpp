#include <algorithm>
#include <cmath>

#include "quern/base/error.h"
#include "quern/data/image.h"
#include "quern/data/normalize.h"
#include "quern/data/resample.h"

namespace quern {
namespace {

void check(const Preprocessing& how) {
  require(how.crop > 0, "crop must be positive, got {}", how.crop);
  require(how.resize.value_or(1) > 0, "resize must be positive, got {}", how.resize.value_or(1));
  require(!how.stretch || how.resize, "stretch needs the side that pictures are resized to");
  const double kept = how.central_crop.value_or(1.0);
  require(kept > 0.0 && kept <= 1.0, "central_crop must be above 0 and at most 1, got {}", kept);
  require(std::isfinite(how.scale), "scale must be finite, got {}", how.scale);
  for (const double mean : how.mean)
    require(std::isfinite(mean), "mean must be finite, got {}", mean);
  for (const double std : how.std) {
    require(std::isfinite(std) && std != 0.0, "std must be finite and not 0, got {}", std);
  }
}

/// The middle of the picture that keeps `fraction` of each side; what is cut off is rounded down
/// and equal on both sides, as TensorFlow's central_crop does.
Window central_window(const Image& image, double fraction) {
  const auto margin = [&](int side) { return static_cast<int>((side - side * fraction) / 2.0); };
  const int left = margin(image.width);
  const int top = margin(image.height);
  return {left, top, image.width - 2 * left, image.height - 2 * top};
}

struct Size {
  std::int64_t width;
  std::int64_t height;
};

/// `source` scaled so that its short side is `side`; the long one is rounded to nearest.
Size scaled_to_short_side(const Window& source, std::int64_t side) {
  const auto longer = [side](std::int64_t long_side, std::int64_t short_side) {
    return std::llrint(static_cast<double>(long_side * side) / static_cast<double>(short_side));
  };
  if (source.width <= source.height) return {side, longer(source.height, source.width)};
  return {longer(source.width, source.height), side};
}

Size resized(const Window& source, const Preprocessing& how) {
  if (!how.resize) return {source.width, source.height};
  if (how.stretch) return {*how.resize, *how.resize};
  return scaled_to_short_side(source, *how.resize);
}

/// Where a centre crop begins on an axis; negative where the picture is smaller and is padded.
/// As torchvision does, half a pixel is rounded to even, and an odd border is thinner before the
/// picture than behind it.
std::int64_t crop_begin(std::int64_t size, std::int64_t crop) {
  const std::int64_t excess = size - crop;
  if (excess < 0) return -(-excess / 2);
  const std::int64_t half = excess / 2;
  return excess % 2 == 0 ? half : half + half % 2;
}

}  // namespace

Image fit(const Image& image, const Preprocessing& how) {
  check(how);
  require(image.width > 0 && image.height > 0, "an empty picture cannot be preprocessed");
  const std::int64_t crop = how.crop;
  const Window source = central_window(image, how.central_crop.value_or(1.0));
  const Size size = resized(source, how);
  const std::int64_t left = crop_begin(size.width, crop);
  const std::int64_t top = crop_begin(size.height, crop);
  // The part of the crop that lies in the picture; the rest is black.
  const Window window{std::max<std::int64_t>(left, 0), std::max<std::int64_t>(top, 0),
                      std::min(crop, size.width), std::min(crop, size.height)};
  Image visible = resample(image, source, size.width, size.height, window);
  if (window.width == crop && window.height == crop) return visible;

  Image bordered{
      .width = how.crop, .height = how.crop, .pixels = std::vector<std::uint8_t>(3 * crop * crop)};
  for (std::int64_t y = 0; y < window.height; ++y) {
    const std::int64_t to = (y + window.top - top) * crop + (window.left - left);
    std::copy_n(visible.pixels.data() + 3 * y * window.width, 3 * window.width,
                bordered.pixels.data() + 3 * to);
  }
  return bordered;
}

void preprocess(const Image& image, const Preprocessing& how, std::span<float> out) {
  const Image fitted = fit(image, how);
  require(out.size() == fitted.pixels.size(), "a crop of {0}x{0} needs {1} floats, got {2}",
          how.crop, fitted.pixels.size(), out.size());
  Normalization(how).apply(fitted.pixels, Layout::kNhwc, out, Layout::kNchw);
}

}  // namespace quern
