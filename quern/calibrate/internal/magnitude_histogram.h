#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quern {

/// Counts |x| in bins of equal width over [0, 2^k), k the smallest that holds every value. While
/// larger values come, the range doubles and bins merge in pairs, which is exact: the counts depend
/// on the values alone, not on their order. Zeros, which every grid holds, are not counted.
class MagnitudeHistogram {
 public:
  static constexpr std::size_t kBins = 2048;

  /// @throws Error(kParse) if a value is NaN.
  void add(std::span<const float> values);
  void merge(const MagnitudeHistogram& other);

  /// Of |x|; 0 where nothing but zeros was added, and possibly infinite.
  float largest() const { return largest_; }
  double width() const;
  /// kBins counts; empty where nothing but zeros and infinities was added.
  const std::vector<std::uint64_t>& counts() const { return counts_; }
  /// The middle of a bin.
  float middle(std::size_t bin) const;

 private:
  /// Doubles the range until it is [0, 2^exponent).
  void widen(int exponent);

  std::vector<std::uint64_t> counts_;
  int exponent_ = 0;  ///< Known once there are counts.
  float largest_ = 0;
};

}  // namespace quern
