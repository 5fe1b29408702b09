// mse: the threshold among max|x| · i / 128, i = 1 … 128, of the least Σ(x − Q(x))² on the grid's
// own codes; of equals the largest. Values count as the middles of the bins of a histogram.
#include <cmath>
#include <limits>

#include "quern/calibrate/internal/magnitude_histogram.h"
#include "quern/calibrate/observer.h"
#include "quern/calibrate/weight_scale.h"
#include "quern/quantizers/fake_quant.h"

namespace quern {
namespace {

constexpr int kCandidates = 128;

class Mse : public Observer {
 public:
  explicit Mse(const QuantSpec& spec) : spec_(spec) {}

  void add(std::span<const float> values) override { histogram_.add(values); }

  void merge(const Observer& other) override {
    histogram_.merge(dynamic_cast<const Mse&>(other).histogram_);
  }

  float threshold() const override {
    const float largest = histogram_.largest();
    if (largest == 0 || !std::isfinite(largest)) return largest;
    float best = largest;
    double least = std::numeric_limits<double>::infinity();
    for (int i = kCandidates; i >= 1; --i) {
      const auto candidate = static_cast<float>(double{largest} * i / kCandidates);
      const double error = squared_error(candidate);
      if (error >= least) continue;
      least = error;
      best = candidate;
    }
    return best;
  }

 private:
  double squared_error(float candidate) const {
    const float scale = scale_of(candidate, spec_);
    double sum = 0;
    for (std::size_t bin = 0; bin < histogram_.counts().size(); ++bin) {
      const auto count = static_cast<double>(histogram_.counts()[bin]);
      if (count == 0) continue;
      const double x = histogram_.middle(bin);
      const double error = x - fake_quant(histogram_.middle(bin), spec_, scale);
      sum += count * error * error;
    }
    return sum;
  }

  QuantSpec spec_;
  MagnitudeHistogram histogram_;
};

}  // namespace

std::unique_ptr<Observer> make_mse(const ObserverOptions& options) {
  return std::make_unique<Mse>(options.spec);
}

}  // namespace quern
