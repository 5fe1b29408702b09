// percentile: the k-th smallest |x| of all n values, k = floor(p · n + 0.5), p = percentile / 100.
//
// Only the n − k + 1 largest values can be that one, so only they are kept: of a
// million values, ten. A block whose largest |x| is below the smallest value kept is passed
// over, which is nearly every block once some samples have been seen.
#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "quern/base/error.h"
#include "quern/calibrate/internal/abs_kernels.h"
#include "quern/calibrate/observer.h"

namespace quern {
namespace {

/// How many of the largest of `count` values reach down to the percentile; grows with `count`.
std::uint64_t values_above(double percentile, std::uint64_t count) {
  const auto rank =
      static_cast<std::uint64_t>(std::floor(percentile / 100 * static_cast<double>(count) + 0.5));
  return count - std::clamp<std::uint64_t>(rank, 1, count) + 1;
}

class Percentile : public Observer {
 public:
  explicit Percentile(const ObserverOptions& options)
      : percentile_(options.percentile),
        expected_(options.expected_count),
        wanted_(static_cast<std::size_t>(
            expected_ == 0 ? 0 : values_above(options.percentile, options.expected_count))) {}

  void add(std::span<const float> values) override {
    count_ += values.size();
    ensure(count_ <= expected_, "a percentile over {} values, expected {}", count_, expected_);
    for (std::size_t start = 0; start < values.size(); start += kBlock) {
      add_block(values.subspan(start, std::min(kBlock, values.size() - start)));
    }
  }

  void merge(const Observer& other) override {
    const auto& seen = dynamic_cast<const Percentile&>(other);
    count_ += seen.count_;
    largest_.insert(largest_.end(), seen.largest_.begin(), seen.largest_.end());
    shrink();
  }

  float threshold() const override {
    if (count_ == 0) return 0;
    std::vector<std::uint32_t> sorted = largest_;
    const auto rank = static_cast<std::ptrdiff_t>(values_above(percentile_, count_)) - 1;
    std::nth_element(sorted.begin(), sorted.begin() + rank, sorted.end(), std::greater<>());
    return std::bit_cast<float>(sorted[static_cast<std::size_t>(rank)]);
  }

 private:
  static constexpr std::size_t kBlock =
      512;  ///< Small enough that few values are looked at one by one.

  void add_block(std::span<const float> block) {
    const std::uint32_t largest = max_abs_bits(block.data(), std::ssize(block));
    check_is_number(largest);
    if (is_full_ && largest <= cut_) return;
    for (const float value : block) {
      const std::uint32_t bits = std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFF;
      if (!is_full_ || bits > cut_) largest_.push_back(bits);
    }
    if (largest_.size() >= 2 * wanted_ + kBlock) shrink();
  }

  /// Drops all but the `wanted_` largest.
  void shrink() {
    if (largest_.size() < wanted_) return;
    const auto last = largest_.begin() + static_cast<std::ptrdiff_t>(wanted_) - 1;
    std::nth_element(largest_.begin(), last, largest_.end(), std::greater<>());
    cut_ = *last;
    is_full_ = true;
    largest_.resize(wanted_);
  }

  double percentile_;
  std::uint64_t expected_;
  std::size_t wanted_;
  std::uint64_t count_ = 0;
  std::vector<std::uint32_t> largest_;  ///< Bits of |x|: the largest seen, in no order.
  std::uint32_t cut_ = 0;               ///< Once full: the smallest that can still matter.
  bool is_full_ = false;
};

}  // namespace

std::unique_ptr<Observer> make_percentile(const ObserverOptions& options) {
  require(options.percentile > 0 && options.percentile <= 100,
          "percentile must be above 0 and at most 100, got {}", options.percentile);
  return std::make_unique<Percentile>(options);
}

}  // namespace quern
