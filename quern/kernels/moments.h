#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quern/base/isa.h"

namespace quern {

/// Mean and variance of each channel over some pixels.
struct Moments {
  double pixels = 0;
  std::vector<double> mean;
  std::vector<double> variance;  ///< Biased.
};

/// Sums that the moments of one piece of memory follow from, added to tile by tile.
class MomentSums {
 public:
  explicit MomentSums(std::int64_t channels);

  /// Adds `count` elements, which begin with a pixel's first channel. The first pixel of all is
  /// near enough to the mean for sums of squares to hold.
  void add(const float* x, std::int64_t count, Isa isa);

  Moments moments() const;

 private:
  std::int64_t channels_;
  std::int64_t period_;
  std::int64_t count_ = 0;
  std::vector<float> shift_;
  std::vector<float> sums_;
};

/// The moments of all pieces together, in their order.
///
/// Source: Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
/// Variances", 1979.
Moments combine(std::span<const Moments> pieces);

}  // namespace quern
