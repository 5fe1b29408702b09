#include "quern/ptq/internal/depthwise_moments.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <vector>

#include "quern/base/error.h"
#include "quern/ptq/internal/tap_products.h"

namespace quern::internal {
namespace {

/// The rows that a row of windows reads, kTapLanes channels of each pixel, with the pads around.
class TapRows {
 public:
  TapRows(const WindowGeometry& window, const TensorView& view)
      : window_(window),
        view_(view),
        width_(view.shape[3] + window.pads_begin[1] + window.pads_end[1]),
        rows_(
            static_cast<std::size_t>(window.kernel[0] * width_ * kTapLanes + windows(1) * step())) {
    // Taps that fill the last tile read zeros, which lie behind the rows.
    const std::int64_t taps = window.kernel[0] * window.kernel[1];
    taps_.assign(static_cast<std::size_t>((taps + kTapTile - 1) / kTapTile * kTapTile),
                 rows_.data() + window.kernel[0] * width_ * kTapLanes);
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      const std::int64_t y = tap / window.kernel[1];
      const std::int64_t x = tap % window.kernel[1] * window.dilations[1];
      taps_[static_cast<std::size_t>(tap)] = rows_.data() + (y * width_ + x) * kTapLanes;
    }
  }

  std::int64_t windows(std::size_t axis) const {
    return window_.windows(axis, view_.shape[axis + 2]);
  }
  /// From one window to the next.
  std::int64_t step() const { return window_.strides[1] * kTapLanes; }

  /// Loads what row `row` of windows of a picture reads, from `channel` on.
  void load(std::int64_t picture, std::int64_t row, std::int64_t channel) {
    const std::int64_t channels = view_.shape[1];
    const std::int64_t height = view_.shape[2];
    const std::int64_t width = view_.shape[3];
    const std::int64_t count = std::min(kTapLanes, channels - channel);
    for (std::int64_t y = 0; y < window_.kernel[0]; ++y) {
      float* const to = rows_.data() + y * width_ * kTapLanes;
      const std::int64_t h =
          row * window_.strides[0] - window_.pads_begin[0] + y * window_.dilations[0];
      if (h < 0 || h >= height) {
        std::fill_n(to, width_ * kTapLanes, 0.0F);
        continue;
      }
      const float* from = view_.data.data() + ((picture * height + h) * width * channels) + channel;
      float* pixel = to + window_.pads_begin[1] * kTapLanes;
      for (std::int64_t w = 0; w < width; ++w, from += channels, pixel += kTapLanes) {
        if (count == kTapLanes) {
          std::copy_n(from, kTapLanes, pixel);  // Of a known length: a register.
        } else {
          std::copy_n(from, count, pixel);
        }
      }
    }
  }

  /// Where the taps of the first window lie; some more of zeros up to a multiple of kTapTile.
  const std::vector<const float*>& taps() const { return taps_; }

 private:
  const WindowGeometry& window_;
  const TensorView& view_;
  std::int64_t width_;
  std::vector<float> rows_;
  std::vector<const float*> taps_;
};

/// sums[tile of a][tile of b] += the products of a row of windows; of a symmetric product those
/// above the diagonal.
void add_row(const TapRows& a, const TapRows& b, bool is_symmetric, TapProducts multiply,
             std::vector<float>& sums) {
  const auto tiles = static_cast<std::int64_t>(a.taps().size()) / kTapTile;
  float* sum = sums.data();
  for (std::int64_t i = 0; i < tiles; ++i) {
    for (std::int64_t j = 0; j < tiles; ++j, sum += kTapTile * kTapTile * kTapLanes) {
      if (is_symmetric && j < i) continue;
      multiply(a.taps().data() + i * kTapTile, b.taps().data() + j * kTapTile, a.windows(1),
               a.step(), sum);
    }
  }
}

/// total[c][i][j] += sums of `count` channels.
void add_sums(const std::vector<float>& sums, std::int64_t taps, std::int64_t count,
              bool is_symmetric, double* total) {
  const std::int64_t tiles = (taps + kTapTile - 1) / kTapTile;
  for (std::int64_t i = 0; i < taps; ++i) {
    for (std::int64_t j = 0; j < taps; ++j) {
      const bool is_mirrored = is_symmetric && j / kTapTile < i / kTapTile;
      const std::int64_t x = is_mirrored ? j : i;
      const std::int64_t y = is_mirrored ? i : j;
      const std::int64_t tile = x / kTapTile * tiles + y / kTapTile;
      const std::int64_t pair = tile * kTapTile * kTapTile + x % kTapTile * kTapTile + y % kTapTile;
      for (std::int64_t c = 0; c < count; ++c) {
        total[(c * taps + i) * taps + j] +=
            double{sums[static_cast<std::size_t>(pair * kTapLanes + c)]};
      }
    }
  }
}

}  // namespace

std::pair<at::Tensor, std::int64_t> depthwise_products(const WeightedLayer& layer,
                                                       const TensorView& a, const TensorView& b,
                                                       const RowSample& sample) {
  ensure(layer.is_depthwise() && a.channels_last && b.channels_last && a.shape == b.shape,
         "'{}' is not a depthwise layer", layer.layer);
  const bool is_symmetric = a.data.data() == b.data.data();
  const std::int64_t channels = a.shape[1];
  const std::int64_t taps = layer.inputs;
  at::Tensor result = at::zeros({channels, taps, taps}, at::kDouble);
  std::int64_t columns = 0;
  for (std::int64_t first = 0; first < channels; first += kTapLanes) {
    TapRows of_a(*layer.window, a);
    TapRows of_b(*layer.window, b);
    const auto padded = static_cast<std::int64_t>(of_a.taps().size());
    std::vector<float> sums(static_cast<std::size_t>(padded * padded * kTapLanes));
    for (std::int64_t n = 0; n < a.shape[0]; ++n) {
      std::ranges::fill(sums, 0.0F);
      for (std::int64_t row = sample.first_row(n); row < of_a.windows(0); row += sample.step) {
        of_a.load(n, row, first);
        if (!is_symmetric) of_b.load(n, row, first);
        add_row(of_a, is_symmetric ? of_a : of_b, is_symmetric, tap_products(), sums);
        columns += first == 0 ? of_a.windows(1) : 0;
      }
      add_sums(sums, taps, std::min(kTapLanes, channels - first), is_symmetric,
               result.mutable_data_ptr<double>() + first * taps * taps);
    }
  }
  return {result, columns};
}

}  // namespace quern::internal
