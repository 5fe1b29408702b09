#pragma once

#include <array>
#include <cstddef>
#include <numeric>
#include <span>

namespace quern::internal {

/// Σ term(i) over `count` elements, in several sums side by side: one would wait for itself.
template <class Term>
double sum_of(std::size_t count, const Term& term) {
  std::array<double, 8> sums{};
  std::size_t i = 0;
  for (; i + sums.size() <= count; i += sums.size()) {
    for (std::size_t lane = 0; lane < sums.size(); ++lane) sums[lane] += term(i + lane);
  }
  for (; i < count; ++i) sums[0] += term(i);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// Σ x²
inline double energy(std::span<const float> x) {
  return sum_of(x.size(), [&](std::size_t i) { return double{x[i]} * double{x[i]}; });
}

/// Σ (x − y)²
inline double squared_distance(std::span<const float> x, std::span<const float> y) {
  return sum_of(x.size(), [&](std::size_t i) {
    const double difference = double{x[i]} - double{y[i]};
    return difference * difference;
  });
}

}  // namespace quern::internal
