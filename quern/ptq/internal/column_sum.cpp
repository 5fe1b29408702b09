#include "quern/ptq/internal/column_sum.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <map>
#include <vector>

#include "quern/base/error.h"
#include "quern/ptq/internal/input_columns.h"

namespace quern::internal {
namespace {

/// Positions along an axis of a picture, in classes that the same taps of the kernel meet. They are
/// few: those in the middle, by the stride, and those at the ends.
struct TapClasses {
  std::vector<std::size_t> of;                  ///< The class of each position.
  std::vector<std::vector<std::int64_t>> taps;  ///< Of each class.

  TapClasses(const WindowGeometry& window, std::size_t axis, std::int64_t extent) {
    const std::int64_t windows = window.windows(axis, extent);
    std::map<std::vector<std::int64_t>, std::size_t> known;
    for (std::int64_t position = 0; position < extent; ++position) {
      std::vector<std::int64_t> met;
      for (std::int64_t tap = 0; tap < window.kernel[axis]; ++tap) {
        const std::int64_t begin =
            position + window.pads_begin[axis] - tap * window.dilations[axis];
        if (begin >= 0 && begin % window.strides[axis] == 0 &&
            begin / window.strides[axis] < windows) {
          met.push_back(tap);
        }
      }
      const auto [found, is_first] = known.try_emplace(met, taps.size());
      if (is_first) taps.push_back(met);
      of.push_back(found->second);
    }
  }
};

/// sums[class of the column][channel] += a row of a picture, [columns, channels].
void add_row(const float* row, const TapClasses& columns, std::size_t channels,
             std::vector<double>& sums, std::vector<float>& scratch) {
  std::ranges::fill(scratch, 0.0F);
  for (const std::size_t of : columns.of) {
    float* const sum = scratch.data() + of * channels;
#pragma GCC ivdep
    for (std::size_t c = 0; c < channels; ++c) sum[c] += row[c];
    row += channels;
  }
  for (std::size_t i = 0; i < scratch.size(); ++i) sums[i] += double{scratch[i]};
}

}  // namespace

std::pair<at::Tensor, std::int64_t> column_sum(const WeightedLayer& layer,
                                               const TensorView& input) {
  if (!layer.window) {
    const at::Tensor columns = input_columns(layer, input, {});
    return {columns.sum(1, /*keepdim=*/false, at::kDouble), columns.size(1)};
  }
  ensure(input.channels_last, "an input of {} is not stored channels last", to_string(input.shape));
  const WindowGeometry& window = *layer.window;
  const TapClasses rows(window, 0, input.shape[2]);
  const TapClasses columns(window, 1, input.shape[3]);
  const auto channels = static_cast<std::size_t>(input.shape[1]);
  const std::size_t line = columns.taps.size() * channels;
  std::vector<std::vector<double>> sums(rows.taps.size(), std::vector<double>(line));
  std::vector<float> scratch(line);
  const float* row = input.data.data();
  for (std::int64_t n = 0; n < input.shape[0]; ++n) {
    for (const std::size_t of : rows.of) {
      add_row(row, columns, channels, sums[of], scratch);
      row += columns.of.size() * channels;
    }
  }
  at::Tensor result = at::zeros({layer.groups, layer.inputs}, at::kDouble);
  auto* const total = result.mutable_data_ptr<double>();
  const auto depth = static_cast<std::size_t>(layer.depth());
  const auto add_tap = [&](std::size_t tap, const double* of_channels) {
    for (std::size_t c = 0; c < channels; ++c) {
      total[c / depth * static_cast<std::size_t>(layer.inputs) + tap * depth + c % depth] +=
          of_channels[c];
    }
  };
  for (std::size_t r = 0; r < rows.taps.size(); ++r) {
    for (std::size_t c = 0; c < columns.taps.size(); ++c) {
      for (const std::int64_t y : rows.taps[r]) {
        for (const std::int64_t x : columns.taps[c]) {
          add_tap(static_cast<std::size_t>(y * window.kernel[1] + x),
                  sums[r].data() + c * channels);
        }
      }
    }
  }
  return {result,
          input.shape[0] * window.windows(0, input.shape[2]) * window.windows(1, input.shape[3])};
}

void ColumnMean::add(std::size_t batch, const WeightedLayer& layer, const TensorView& input) {
  auto sum = column_sum(layer, input);
  const std::lock_guard lock(mutex_);
  sums_[batch] = std::move(sum);
}

at::Tensor ColumnMean::mean() const {
  at::Tensor total;
  std::int64_t columns = 0;
  for (const auto& [batch, sum] : sums_) {
    total = total.defined() ? total + sum.first : sum.first;
    columns += sum.second;
  }
  return total.defined() ? total / static_cast<double>(columns) : total;
}

}  // namespace quern::internal
