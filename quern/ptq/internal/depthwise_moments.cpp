#include "quern/ptq/internal/depthwise_moments.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <vector>

#include "quern/base/error.h"
#include "quern/ptq/internal/tap_products.h"

namespace quern::internal {
namespace {

/// Where the taps of the windows on one picture lie.
class TapPlaces {
 public:
  TapPlaces(const WindowGeometry& window, const Shape& shape)
      : window_(window), channels_(shape[1]), extent_{shape[2], shape[3]} {}

  std::int64_t windows(std::size_t axis) const { return window_.windows(axis, extent_[axis]); }

  /// The taps of the window at [row, column] of `picture`, from `channel` on; null in the padding.
  void fill(const float* picture, std::int64_t row, std::int64_t column, std::int64_t channel,
            std::vector<const float*>& taps) const {
    std::size_t tap = 0;
    for (std::int64_t y = 0; y < window_.kernel[0]; ++y) {
      const std::int64_t h = place(0, row, y);
      for (std::int64_t x = 0; x < window_.kernel[1]; ++x) {
        const std::int64_t w = place(1, column, x);
        const bool is_inside = h >= 0 && h < extent_[0] && w >= 0 && w < extent_[1];
        taps[tap++] = is_inside ? picture + (h * extent_[1] + w) * channels_ + channel : nullptr;
      }
    }
  }

 private:
  std::int64_t place(std::size_t axis, std::int64_t output, std::int64_t tap) const {
    return output * window_.strides[axis] - window_.pads_begin[axis] +
           tap * window_.dilations[axis];
  }

  const WindowGeometry& window_;
  std::int64_t channels_;
  WindowGeometry::Pair extent_;
};

}  // namespace

std::pair<at::Tensor, std::int64_t> depthwise_products(const WeightedLayer& layer,
                                                       const TensorView& a, const TensorView& b,
                                                       const RowSample& sample) {
  ensure(layer.is_depthwise() && a.channels_last && b.channels_last && a.shape == b.shape,
         "'{}' is not a depthwise layer", layer.layer);
  const bool is_symmetric = a.data.data() == b.data.data();
  const TapPlaces places(*layer.window, a.shape);
  const std::int64_t channels = a.shape[1];
  const std::int64_t taps = layer.inputs;
  const std::int64_t picture = a.shape[2] * a.shape[3] * channels;
  const TapProducts multiply = tap_products();
  std::vector<const float*> of_a(static_cast<std::size_t>(taps));
  std::vector<const float*> of_b(of_a.size());
  std::vector<float> sums(static_cast<std::size_t>(taps * taps * kTapChannels));
  at::Tensor result = at::zeros({channels, taps, taps}, at::kDouble);
  auto* const total = result.mutable_data_ptr<double>();
  std::int64_t columns = 0;
  for (std::int64_t first = 0; first < channels; first += kTapChannels) {
    const std::int64_t count = std::min(kTapChannels, channels - first);
    for (std::int64_t n = 0; n < a.shape[0]; ++n) {
      std::ranges::fill(sums, 0.0F);
      for (std::int64_t row = sample.first_row(n); row < places.windows(0); row += sample.step) {
        columns += first == 0 ? places.windows(1) : 0;
        for (std::int64_t column = 0; column < places.windows(1); ++column) {
          places.fill(a.data.data() + n * picture, row, column, first, of_a);
          if (!is_symmetric) places.fill(b.data.data() + n * picture, row, column, first, of_b);
          multiply(of_a.data(), is_symmetric ? of_a.data() : of_b.data(), taps, count, is_symmetric,
                   sums.data());
        }
      }
      for (std::int64_t i = 0; i < taps; ++i) {
        for (std::int64_t j = 0; j < taps; ++j) {
          const bool is_mirrored = is_symmetric && j < i;
          const std::int64_t pair = is_mirrored ? j * taps + i : i * taps + j;
          for (std::int64_t c = 0; c < count; ++c) {
            total[((first + c) * taps + i) * taps + j] +=
                double{sums[static_cast<std::size_t>(pair * kTapChannels + c)]};
          }
        }
      }
    }
  }
  return {result, columns};
}

}  // namespace quern::internal
