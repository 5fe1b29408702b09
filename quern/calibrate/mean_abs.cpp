#include <cmath>

#include "quern/base/error.h"
#include "quern/calibrate/internal/abs_kernels.h"
#include "quern/calibrate/observer.h"

namespace quern {
namespace {

__extension__ using Int128 = __int128;

/// Sums in fixed point, where the order of additions does not matter: units of 2⁻⁴⁰, up to 2⁸⁷.
class MeanAbs : public Observer {
 public:
  void add(std::span<const float> values) override {
    constexpr float kLargest = 0x1p40F;
    check_is_number(max_abs_bits(values.data(), std::ssize(values)));
    for (const float value : values) {
      const float magnitude = std::fmin(std::fabs(value), kLargest);
      sum_ += static_cast<Int128>(std::ldexp(static_cast<double>(magnitude), kFractionBits));
    }
    count_ += values.size();
  }

  void merge(const Observer& other) override {
    const auto& mean = dynamic_cast<const MeanAbs&>(other);
    sum_ += mean.sum_;
    count_ += mean.count_;
  }

  float threshold() const override {
    if (count_ == 0) return 0;
    const double mean = static_cast<double>(sum_) / static_cast<double>(count_);
    return static_cast<float>(std::ldexp(mean, -kFractionBits));
  }

 private:
  static constexpr int kFractionBits = 40;
  Int128 sum_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace

std::unique_ptr<Observer> make_mean_abs(const ObserverOptions&) {
  return std::make_unique<MeanAbs>();
}

}  // namespace quern
