#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "quern/quant/spec.h"

namespace quern {

/// Counts of values in bins of equal width; the first and the last bin also hold what lies beyond.
struct Histogram {
  double low = 0;    ///< Lower end of the first bin.
  double width = 1;  ///< Of one bin.
  std::vector<std::uint64_t> counts;

  void add(double x) { add(std::array{static_cast<float>(x)}, 1, 0); }
  /// The values x / scale + zero_point.
  void add(std::span<const float> x, double scale, double zero_point);
  /// @param other  Of the same bins.
  Histogram& operator+=(const Histogram& other);
  bool operator==(const Histogram&) const = default;
};

/// Bins over the codes of a grid, a quarter as much again on either side, in steps: x / scale +
/// zero_point. For values before they are rounded.
Histogram steps_histogram(const QuantSpec& spec);

/// At most 64 bins of as many codes each. For values on the grid.
Histogram codes_histogram(const QuantSpec& spec);

/// How values lie to a grid before it rounds them.
struct GridTally {
  std::uint64_t count = 0;
  std::uint64_t clipped = 0;  ///< More than half a step beyond the outermost codes.
  double signal = 0;          ///< Σ x²
  double noise = 0;           ///< Σ (x − Q(x))²
  Histogram histogram;        ///< In steps.

  explicit GridTally(const QuantSpec& spec) : histogram(steps_histogram(spec)) {}
  void add(std::span<const float> x, const QuantSpec& spec, float scale, std::int32_t zero_point);
  GridTally& operator+=(const GridTally& other);
};

/// 10·log10(signal / noise), between −300 and 300: equal values have no noise, JSON no infinity.
double ratio_db(double signal, double noise);

}  // namespace quern
