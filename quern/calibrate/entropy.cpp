// entropy: the threshold whose codes tell most of how |x| is distributed. For a threshold at the
// end of bin i of a histogram,
//
//   P = the counts of the first i bins, all beyond added to the last
//   Q = the counts of the first i bins, averaged over the nonempty bins that share a code
//
// and the threshold of the least Σ P · log(P / Q), both normalized, is chosen; of equals the
// largest. Where only values from beyond are in the last bin, Q has one there. As TensorRT does
// (Migacz, "8-bit inference with TensorRT", GTC 2017), with every kStride-th bin and the grid's own
// number of codes.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "quern/calibrate/internal/magnitude_histogram.h"
#include "quern/calibrate/observer.h"

namespace quern {
namespace {

constexpr std::size_t kStride = 8;

class Entropy : public Observer {
 public:
  explicit Entropy(const QuantSpec& spec)
      : codes_(static_cast<std::size_t>(std::max<std::int64_t>(spec.qmax(), 1)) + 1) {}

  void add(std::span<const float> values) override { histogram_.add(values); }

  void merge(const Observer& other) override {
    histogram_.merge(dynamic_cast<const Entropy&>(other).histogram_);
  }

  float threshold() const override {
    const float largest = histogram_.largest();
    if (largest == 0 || !std::isfinite(largest)) return largest;
    const auto& counts = histogram_.counts();
    std::size_t end = counts.size();
    while (counts[end - 1] == 0) --end;
    float best = largest;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t bins = end; bins >= codes_; bins -= std::min(bins, kStride)) {
      const double divergence = divergence_at(bins);
      if (divergence >= least) continue;
      least = divergence;
      best = std::min(largest, static_cast<float>(static_cast<double>(bins) * histogram_.width()));
    }
    return best;
  }

 private:
  /// Σ P · log(P / Q) with the threshold behind `bins` bins.
  double divergence_at(std::size_t bins) const {
    const auto& counts = histogram_.counts();
    std::vector<double> within(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(bins));
    double beyond = 0;
    for (std::size_t i = bins; i < counts.size(); ++i) beyond += static_cast<double>(counts[i]);
    const double last_of_p = within.back() + beyond;
    if (beyond > 0) within.back() = std::max(within.back(), 1.0);
    double total_p = last_of_p - within.back();
    double total_q = 0;
    for (const double count : within) total_q += count;
    total_p += total_q;

    double divergence = 0;
    for (std::size_t code = 0; code < codes_; ++code) {
      const auto first = within.begin() + static_cast<std::ptrdiff_t>(code * bins / codes_);
      const auto last = within.begin() + static_cast<std::ptrdiff_t>((code + 1) * bins / codes_);
      const auto nonempty = static_cast<double>(last - first - std::count(first, last, 0.0));
      const double q = std::accumulate(first, last, 0.0) / nonempty / total_q;
      for (auto bin = first; bin != last; ++bin) {
        if (*bin == 0) continue;
        const double p = (bin + 1 == within.end() ? last_of_p : *bin) / total_p;
        divergence += p * std::log(p / q);
      }
    }
    return divergence;
  }

  std::size_t codes_;  ///< Of numbers from 0 on.
  MagnitudeHistogram histogram_;
};

}  // namespace

std::unique_ptr<Observer> make_entropy(const ObserverOptions& options) {
  return std::make_unique<Entropy>(options.spec);
}

}  // namespace quern
