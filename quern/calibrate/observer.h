#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "quern/quant/spec.h"

namespace quern {

struct ObserverOptions {
  double percentile = 99.999;        ///< Of |x|, in (0, 100]; only of "percentile".
  QuantSpec spec = {};               ///< The grid that is looked for; of "mse" and "entropy".
  std::uint64_t expected_count = 0;  ///< Values that will be added at most, over all workers.
};

/// Watches an activation over all calibration samples and answers with a threshold. The answer
/// depends on the values alone: not on their order, on batches, or on which worker saw them.
class Observer {
 public:
  virtual ~Observer() = default;

  /// @throws Error(kInvalidArgument) if a value is NaN.
  virtual void add(std::span<const float> values) = 0;

  /// Takes over what `other`, of the same kind and options, has seen.
  virtual void merge(const Observer& other) = 0;

  /// The real clipping limit, ≥ 0; 0 if nothing was added.
  virtual float threshold() const = 0;
};

struct ObserverDef {
  std::string_view name;
  std::string_view summary;  ///< One phrase.
  std::unique_ptr<Observer> (*make)(const ObserverOptions&);
};

/// All observers, by name.
const std::vector<ObserverDef>& observers();

/// @throws Error(kInvalidArgument) for an unknown name, naming the known ones, or options outside
///         their domain.
std::unique_ptr<Observer> make_observer(std::string_view name, const ObserverOptions& options);

// One line an observer; each is defined in the file of its name.
std::unique_ptr<Observer> make_entropy(const ObserverOptions& options);
std::unique_ptr<Observer> make_mean_abs(const ObserverOptions& options);
std::unique_ptr<Observer> make_min_max(const ObserverOptions& options);
std::unique_ptr<Observer> make_mse(const ObserverOptions& options);
std::unique_ptr<Observer> make_percentile(const ObserverOptions& options);

}  // namespace quern
