#include "quern/report/weight_figures.h"

#include <algorithm>
#include <cmath>

#include "quern/evaluate/grid_tally.h"
#include "quern/quantizers/fake_quant.h"
#include "quern/report/internal/bins.h"

namespace quern {
namespace {

template <class T>
T of_channel(const std::vector<T>& values, std::int64_t c) {
  return values.size() == 1 ? values[0] : values[static_cast<std::size_t>(c)];
}

/// Calls `see(first, count, scale, zero_point)` for every stretch of elements of one channel.
template <class See>
void for_each_stretch(const WeightOnGrid& weight, const See& see) {
  const ChannelLayout layout = channel_layout(weight.weight.shape(), weight.spec);
  for (std::int64_t row = 0; row < layout.outer * layout.channels; ++row) {
    const std::int64_t channel = row % layout.channels;
    see(static_cast<std::size_t>(row * layout.inner), static_cast<std::size_t>(layout.inner),
        of_channel(weight.params.scale, channel), of_channel(weight.params.zero_point, channel));
  }
}

}  // namespace

std::optional<WeightOnGrid> weight_on_grid(const Graph& graph, const LayerGroup& group) {
  if (!group.weight || !group.weight_grid) return std::nullopt;
  const Tensor& weight = *graph.value(*group.weight).constant;
  if (weight.dtype() != DType::kFloat32) return std::nullopt;
  return WeightOnGrid{weight, graph.quantizer(group.weight_grid).spec,
                      graph.params(group.weight_grid)};
}

std::vector<std::int64_t> codes_of(const WeightOnGrid& weight) {
  const Tensor rounded = fake_quant(weight.weight, weight.spec, weight.params);
  const std::span<const float> values = rounded.data<float>();
  std::vector<std::int64_t> codes(values.size());
  for_each_stretch(weight,
                   [&](std::size_t first, std::size_t count, float scale, std::int32_t zero_point) {
                     // Values lie on the grid: the quotient is an integer but for the rounding of a
                     // division.
                     for (std::size_t i = first; i < first + count; ++i) {
                       codes[i] = std::lround(values[i] / scale) + zero_point;
                     }
                   });
  return codes;
}

double weight_sqnr_db(const WeightOnGrid& weight, const Tensor& reference) {
  const Tensor rounded = fake_quant(weight.weight, weight.spec, weight.params);
  const std::span<const float> found = rounded.data<float>();
  const std::span<const float> expected = reference.data<float>();
  double signal = 0;
  double noise = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = double{expected[i]} - double{found[i]};
    signal += double{expected[i]} * double{expected[i]};
    noise += difference * difference;
  }
  return ratio_db(signal, noise);
}

GridFigures grid_figures(const Graph& graph, QuantizerId grid) {
  const Quantizer& quantizer = graph.quantizer(grid);
  const QuantSpec& spec = quantizer.spec;
  const QuantParams params = graph.params(grid);
  const auto [low, high] = std::ranges::minmax(params.scale);
  GridFigures figures{.grid = to_string(spec),
                      .kind = std::string(name(quantizer.kind)),
                      .bits = spec.bits,
                      .qmin = spec.qmin(),
                      .qmax = spec.qmax(),
                      .scales = std::ssize(params.scale),
                      .scale_low = double{low},
                      .scale_high = double{high}};
  for (std::size_t c = 0; c < params.scale.size(); ++c) {
    const double scale = double{params.scale[c]};
    const std::int64_t zero_point = params.zero_point[c % params.zero_point.size()];
    figures.range_low =
        std::min(figures.range_low, static_cast<double>(spec.qmin() - zero_point) * scale);
    figures.range_high =
        std::max(figures.range_high, static_cast<double>(spec.qmax() - zero_point) * scale);
  }
  return figures;
}

GridFigures weight_figures(GridFigures grid, const WeightOnGrid& weight, const Tensor& reference) {
  const std::span<const float> values = reference.data<float>();
  if (values.empty()) return grid;
  GridTally tally(weight.spec);
  for_each_stretch(weight,
                   [&](std::size_t first, std::size_t count, float scale, std::int32_t zero_point) {
                     tally.add(values.subspan(first, count), weight.spec, scale, zero_point);
                   });
  Histogram codes = codes_histogram(weight.spec);
  for (const std::int64_t code : codes_of(weight)) codes.add(static_cast<double>(code));
  const auto [low, high] = std::ranges::minmax(values);
  grid.value_low = double{low};
  grid.value_high = double{high};
  internal::set_tally(grid, tally, codes);
  return grid;
}

}  // namespace quern
