#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "quern/calibrate/observer.h"
#include "quern/executor/plan.h"
#include "quern/graph/graph.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// What an observer saw before a quantizer.
struct ObservedThreshold {
  QuantizerId quantizer;
  std::string layer;    ///< The layer, or input, that the first Quant on the quantizer reads.
  float threshold = 0;  ///< Real; 0 where everything observed was 0.
};

/// One pass of samples through the float network, with an observer before every activation
/// quantizer whose scale is not known. Quantizers round nothing meanwhile, so nothing depends on
/// the order in which layers are calibrated.
class ActivationSweep {
 public:
  /// @param graph     Of one input; copied (cheaply).
  /// @param observer  Of quantizers that request none.
  /// @param options   Of that observer, and the percentile of others that request none; spec and
  ///                  expected_count are ignored: they follow from quantizers and `samples`.
  /// @param samples   How many will be added at most, over all workers.
  /// @param shown     Values that `add` shows besides.
  /// @throws Error(kInvalidArgument) for an unknown observer, or, naming the layer, for a
  ///         percentile requested of an observer that reads none; Error(kUnsupported) as Plan, and
  ///         for an activation grid with a scale per channel or a zero point.
  ActivationSweep(const Graph& graph, std::string observer, const ObserverOptions& options,
                  std::size_t samples, std::vector<ValueId> shown = {});

  /// Whether there is anything to observe.
  bool empty() const { return watched_.empty(); }

  /// Of the plan that is run; 0 where nothing is observed.
  std::int64_t bytes_per_sample() const { return plan_ ? plan_->bytes_per_sample() : 0; }

  /// Runs a batch; different workers may do so side by side.
  /// @throws Error naming the layer where an activation is not a number.
  void add(int worker, const Tensor& batch, const Tap& look_on = {});

  /// What all workers saw together, in the order of the quantizers. The same for any number of
  /// workers and any distribution of samples among them.
  std::vector<ObservedThreshold> thresholds() const;

 private:
  struct Watched {
    QuantizerId quantizer;
    std::string layer;
    std::string observer;
    ObserverOptions options;
    std::vector<ValueId> values;  ///< Read by the Quant nodes that name the quantizer.
    std::uint64_t elements = 0;   ///< Of those values, for one sample.
  };
  using Observers = std::vector<std::unique_ptr<Observer>>;  ///< One per Watched.

  Watched watch(const Graph& graph, const Node& quant) const;
  void count_elements(const Graph& graph);
  /// Calls use(position in watched_) for everything that observes a value.
  void for_each_reader(ValueId value, const auto& use) const;
  Observers make_observers() const;
  Observers& observers_of(int worker);

  std::string observer_;
  ObserverOptions options_;
  std::size_t samples_;
  std::vector<ValueId> shown_;
  std::vector<Watched> watched_;
  std::map<ValueId, std::vector<std::size_t>> readers_;  ///< Positions in watched_.
  std::unique_ptr<Plan> plan_;
  std::mutex mutex_;
  std::map<int, Observers> workers_;
};

}  // namespace quern
