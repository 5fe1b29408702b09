#pragma once

#include <cstdint>

namespace quern {

/// A seeded stream of numbers that is the same on every machine and with every standard library,
/// which the distributions of <random> are not.
///
/// Source: xoshiro256** seeded by SplitMix64, Blackman and Vigna, "Scrambled Linear Pseudorandom
/// Number Generators", 2018, arXiv:1805.01407.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();                                       ///< 64 uniform bits.
  double uniform();                                           ///< In [0, 1), 53 bits.
  double uniform(double low, double high);                    ///< In [low, high).
  double normal();                                            ///< Mean 0, variance 1.
  std::int64_t integer(std::int64_t low, std::int64_t high);  ///< In [low, high], low ≤ high.

 private:
  std::uint64_t state_[4];
};

}  // namespace quern
