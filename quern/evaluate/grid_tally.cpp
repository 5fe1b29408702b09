#include "quern/evaluate/grid_tally.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "quern/base/error.h"
#include "quern/evaluate/internal/energy.h"
#include "quern/quantizers/fake_quant.h"

namespace quern {
namespace {

constexpr std::int64_t kStepBins = 96;
constexpr std::int64_t kCodeBins = 64;
constexpr std::size_t kBlock = 1024;

std::int64_t code_count(const QuantSpec& spec) { return spec.qmax() - spec.qmin() + 1; }

}  // namespace

void Histogram::add(std::span<const float> x, double scale, double zero_point) {
  const double bins_per_unit = 1.0 / (scale * width);
  const double offset = (zero_point - low) / width;
  const auto last = static_cast<double>(counts.size() - 1);
  std::uint64_t* const bins = counts.data();
  for (const float value : x) {
    const double bin = double{value} * bins_per_unit + offset;
    ++bins[static_cast<std::size_t>(std::clamp(bin, 0.0, last))];
  }
}

Histogram& Histogram::operator+=(const Histogram& other) {
  ensure(counts.size() == other.counts.size(), "histograms of {} and {} bins", counts.size(),
         other.counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  return *this;
}

Histogram steps_histogram(const QuantSpec& spec) {
  const auto codes = static_cast<double>(code_count(spec));
  const double span = 1.5 * codes;
  return {.low = static_cast<double>(spec.qmin()) - 0.5 - 0.25 * codes,
          .width = span / static_cast<double>(kStepBins),
          .counts = std::vector<std::uint64_t>(kStepBins)};
}

Histogram codes_histogram(const QuantSpec& spec) {
  const std::int64_t codes = code_count(spec);
  const std::int64_t width = (codes + kCodeBins - 1) / kCodeBins;
  return {
      .low = static_cast<double>(spec.qmin()) - 0.5,
      .width = static_cast<double>(width),
      .counts = std::vector<std::uint64_t>(static_cast<std::size_t>((codes + width - 1) / width))};
}

void GridTally::add(std::span<const float> x, const QuantSpec& spec, float scale,
                    std::int32_t zero_point) {
  const QuantParams params{{scale}, {zero_point}};
  // Half a step beyond the outermost codes.
  const double lowest = (static_cast<double>(spec.qmin() - zero_point) - 0.5) * double{scale};
  const double highest = (static_cast<double>(spec.qmax() - zero_point) + 0.5) * double{scale};
  std::array<float, kBlock> rounded{};
  for (std::size_t first = 0; first < x.size(); first += kBlock) {
    const std::span<const float> block = x.subspan(first, std::min(kBlock, x.size() - first));
    const std::span<float> codes = std::span(rounded).first(block.size());
    fake_quant(block, codes, spec, params, {.inner = std::ssize(block)});
    signal += internal::energy(block);
    noise += internal::squared_distance(block, codes);
    for (const float value : block) clipped += value < lowest || value > highest ? 1 : 0;
  }
  histogram.add(x, double{scale}, zero_point);
  count += x.size();
}

GridTally& GridTally::operator+=(const GridTally& other) {
  count += other.count;
  clipped += other.clipped;
  signal += other.signal;
  noise += other.noise;
  histogram += other.histogram;
  return *this;
}

double ratio_db(double signal, double noise) {
  const double ratio = noise > 0 ? signal / noise : 1e30;
  return 10.0 * std::log10(std::clamp(ratio, 1e-30, 1e30));
}

}  // namespace quern
