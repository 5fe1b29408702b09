#include "quern/data/resample.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "quern/base/error.h"

namespace quern {
namespace {

constexpr int kFractionBits = 22;
constexpr std::int32_t kOne = 1 << kFractionBits;
constexpr std::int32_t kHalf = kOne / 2;

/// The nearest integer, halves up.
std::int64_t nearest(double x) { return static_cast<std::int64_t>(std::floor(x + 0.5)); }

std::uint8_t to_pixel(std::int32_t sum) {
  // Weights are rounded one by one and may add up to a little more than one.
  return static_cast<std::uint8_t>(std::min(sum >> kFractionBits, 255));
}

/// The input samples that each output sample of one axis reads, and their weights.
struct Taps {
  std::int64_t begin = 0;  ///< All that is read lies in [begin, end).
  std::int64_t end = 0;
  std::vector<std::int64_t> first;    ///< Per output: the first input, counted from `begin`.
  std::vector<int> count;             ///< Per output: how many inputs, at most `stride`.
  std::vector<std::int32_t> weights;  ///< [outputs, stride], in units of 1 / kOne.
  int stride = 0;
};

/// Taps of the outputs [begin, begin + length) when `input` samples are resized to `output`.
Taps triangle_taps(std::int64_t input, std::int64_t output, std::int64_t begin,
                   std::int64_t length) {
  const double step = static_cast<double>(input) / static_cast<double>(output);
  const double radius = std::max(step, 1.0);  // Half the base of the triangle, in input samples.
  const double inverse_radius = 1.0 / radius;

  Taps taps;
  taps.stride = 2 * static_cast<int>(std::ceil(radius)) + 1;
  taps.first.resize(length);
  taps.count.resize(length);
  taps.weights.resize(length * taps.stride);
  std::vector<double> exact(taps.stride);
  for (std::int64_t i = 0; i < length; ++i) {
    const double center = (static_cast<double>(begin + i) + 0.5) * step;
    const auto first = std::max<std::int64_t>(nearest(center - radius), 0);
    const auto last = std::min(nearest(center + radius), input);
    const int count = static_cast<int>(last - first);
    double total = 0.0;
    for (int t = 0; t < count; ++t) {
      const double distance = static_cast<double>(first + t) - center + 0.5;
      exact[t] = std::max(0.0, 1.0 - std::abs(distance * inverse_radius));
      total += exact[t];
    }
    for (int t = 0; t < count; ++t) {
      taps.weights[i * taps.stride + t] =
          static_cast<std::int32_t>(nearest(exact[t] / total * kOne));
    }
    if (i == 0) taps.begin = first;
    taps.end = last;
    taps.first[i] = first - taps.begin;
    taps.count[i] = count;
  }
  return taps;
}

void resample_row(const std::uint8_t* input, const Taps& taps, std::uint8_t* output) {
  for (std::size_t x = 0; x < taps.first.size(); ++x, output += 3) {
    const std::uint8_t* pixel = input + 3 * taps.first[x];
    const std::int32_t* weight = &taps.weights[x * taps.stride];
    std::int32_t red = kHalf;
    std::int32_t green = kHalf;
    std::int32_t blue = kHalf;
    for (int t = 0; t < taps.count[x]; ++t, pixel += 3) {
      red += pixel[0] * weight[t];
      green += pixel[1] * weight[t];
      blue += pixel[2] * weight[t];
    }
    output[0] = to_pixel(red);
    output[1] = to_pixel(green);
    output[2] = to_pixel(blue);
  }
}

/// The weighted sum of `count` rows of `size` bytes. Goes block by block, so that the sums stay in
/// vector registers.
void blend_rows(const std::uint8_t* rows, std::int64_t row_stride, std::int64_t size,
                const std::int32_t* weights, int count, std::uint8_t* output) {
  constexpr std::int64_t kBlock = 64;
  std::int64_t x = 0;
  for (; x + kBlock <= size; x += kBlock) {
    std::int32_t sum[kBlock];
    std::fill_n(sum, kBlock, kHalf);
    for (int t = 0; t < count; ++t) {
      const std::uint8_t* row = rows + t * row_stride + x;
      for (std::int64_t i = 0; i < kBlock; ++i) sum[i] += row[i] * weights[t];
    }
    for (std::int64_t i = 0; i < kBlock; ++i) output[x + i] = to_pixel(sum[i]);
  }
  for (; x < size; ++x) {
    std::int32_t sum = kHalf;
    for (int t = 0; t < count; ++t) sum += rows[t * row_stride + x] * weights[t];
    output[x] = to_pixel(sum);
  }
}

Image blank(std::int64_t width, std::int64_t height) {
  return {.width = static_cast<int>(width),
          .height = static_cast<int>(height),
          .pixels = std::vector<std::uint8_t>(3 * width * height)};
}

/// Rows of pixels in memory, at the first sample that a pass reads.
struct Rows {
  const std::uint8_t* pixels;
  std::int64_t stride;  ///< From a row to the next (unit: bytes).
};

Rows rows_of(const Image& image) { return {image.pixels.data(), std::int64_t{3} * image.width}; }

Image resample_horizontally(Rows input, std::int64_t height, const Taps& taps) {
  Image output = blank(std::ssize(taps.first), height);
  for (std::int64_t y = 0; y < height; ++y) {
    resample_row(input.pixels + y * input.stride, taps,
                 output.pixels.data() + y * 3 * output.width);
  }
  return output;
}

Image resample_vertically(Rows input, std::int64_t width, const Taps& taps) {
  Image output = blank(width, std::ssize(taps.first));
  for (std::int64_t y = 0; y < output.height; ++y) {
    blend_rows(input.pixels + taps.first[y] * input.stride, input.stride, 3 * width,
               &taps.weights[y * taps.stride], taps.count[y], output.pixels.data() + y * 3 * width);
  }
  return output;
}

}  // namespace

Image resample(const Image& image, const Window& source, std::int64_t width, std::int64_t height,
               const Window& window) {
  const Taps across = triangle_taps(source.width, width, window.left, window.width);
  const Taps down = triangle_taps(source.height, height, window.top, window.height);
  Rows input = rows_of(image);
  input.pixels += (source.top + down.begin) * input.stride + 3 * (source.left + across.begin);

  // Each pass rounds, so the order shows in the pixels.
  const std::int64_t lost_rows = source.height - height;
  const std::int64_t lost_columns = source.width - width;
  if (lost_rows > 0 && lost_rows > 2 * lost_columns) {
    const Image flat = resample_vertically(input, across.end - across.begin, down);
    return resample_horizontally(rows_of(flat), window.height, across);
  }
  const Image narrow = resample_horizontally(input, down.end - down.begin, across);
  return resample_vertically(rows_of(narrow), window.width, down);
}

Image resize(const Image& image, int width, int height) {
  require(image.width > 0 && image.height > 0, "an empty picture cannot be resized");
  require(width > 0 && height > 0, "a picture cannot be resized to {}x{}: sides must be positive",
          width, height);
  return resample(image, {0, 0, image.width, image.height}, width, height, {0, 0, width, height});
}

}  // namespace quern
