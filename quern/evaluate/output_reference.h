#pragma once

#include <vector>

#include "quern/data/image_list.h"
#include "quern/data/loader.h"
#include "quern/executor/plan.h"
#include "quern/graph/graph.h"

namespace quern {

/// What a network answers to a few pictures, to hold changed forms of it against.
class OutputReference {
 public:
  /// Runs `reference` in float over `samples`; the pictures are kept.
  /// @throws Error(kInvalidArgument) for no samples; errors of Plan and for_each_batch.
  OutputReference(const Graph& reference, const std::vector<Sample>& samples,
                  const LoaderOptions& loader);

  /// Of answers that are known already.
  /// @param batches  Pictures, and per batch the outputs in the order of the network's.
  OutputReference(std::vector<Tensor> batches, std::vector<std::vector<Tensor>> outputs,
                  int threads);

  /// 10·log10(Σ y² / Σ (y − ŷ)²) over all outputs on all pictures (unit: dB), y of the reference
  /// and ŷ of `graph` in fake-quant; infinite where nothing differs, −infinite where a ŷ is not
  /// finite. The same for any number of threads. @throws Error(kInvalidArgument) if the outputs
  /// have other shapes.
  double sqnr_db(const Graph& graph) const;

  std::size_t pictures() const;

 private:
  std::vector<std::vector<Tensor>> run(const Graph& graph, QuantMode mode) const;

  int threads_;
  std::vector<Tensor> batches_;
  std::vector<std::vector<Tensor>> outputs_;  ///< Per batch.
};

}  // namespace quern
