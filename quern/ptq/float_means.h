#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "quern/data/loader.h"
#include "quern/evaluate/output_reference.h"
#include "quern/executor/plan.h"
#include "quern/graph/graph.h"

namespace quern {

/// What the float network does on the calibration pictures, as bias correction asks: the mean input
/// column of every layer, and the outputs for some of the pictures. Whoever runs that network over
/// the pictures anyway lets it look on.
class FloatMeans {
 public:
  /// @param graph     The float network, or one with quantizers that a run in QuantMode::kFloat
  ///                  passes by.
  /// @param pictures  How many there will be.
  FloatMeans(const Graph& graph, std::size_t pictures);
  ~FloatMeans();

  /// What it wants to see.
  const std::vector<ValueId>& values() const { return values_; }

  /// One of them, for a batch; from several threads.
  void see(const Batch& batch, ValueId value, const TensorView& view);

  /// Whether it has seen nothing.
  bool empty() const { return judged_.empty(); }

  /// The mean over all columns of what a layer reads, [groups, inputs] (see WeightedLayer), the
  /// same whatever the order in which batches came.
  /// @throws Error(kInvalidArgument) for an unknown layer.
  std::vector<double> mean_column(const std::string& layer) const;

  /// The outputs for a few pictures, evenly spread; for the first that could be read where none of
  /// those could.
  OutputReference outputs(int threads) const;

 private:
  struct Layers;

  struct Judged {
    bool is_chosen = false;  ///< Else the first batch, for want of a better one.
    Tensor images;
    std::map<ValueId, Tensor> outputs;
  };

  /// Whether a batch holds one of the pictures by which networks are judged.
  bool is_chosen(const Batch& batch) const;

  std::unique_ptr<Layers> layers_;
  std::vector<ValueId> outputs_;
  std::vector<ValueId> values_;
  const std::size_t pictures_;
  std::mutex mutex_;
  std::map<std::size_t, Judged> judged_;  ///< By batch.
};

}  // namespace quern
