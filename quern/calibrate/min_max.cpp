#include <algorithm>
#include <bit>

#include "quern/base/error.h"
#include "quern/calibrate/internal/abs_kernels.h"
#include "quern/calibrate/observer.h"

namespace quern {
namespace {

class MinMax : public Observer {
 public:
  void add(std::span<const float> values) override {
    const std::uint32_t bits = max_abs_bits(values.data(), std::ssize(values));
    check_is_number(bits);
    largest_ = std::max(largest_, bits);
  }

  void merge(const Observer& other) override {
    largest_ = std::max(largest_, dynamic_cast<const MinMax&>(other).largest_);
  }

  float threshold() const override { return std::bit_cast<float>(largest_); }

 private:
  std::uint32_t largest_ = 0;  ///< Bits of |x|.
};

}  // namespace

std::unique_ptr<Observer> make_min_max(const ObserverOptions&) {
  return std::make_unique<MinMax>();
}

}  // namespace quern
