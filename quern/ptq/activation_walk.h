#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "quern/data/loader.h"
#include "quern/executor/plan.h"
#include "quern/graph/graph.h"
#include "quern/ptq/batch_store.h"

namespace quern {

/// The calibration pictures as a network reads them, batch by batch.
struct CalibrationData {
  std::vector<Sample> samples;
  LoaderOptions loader;
  std::size_t memory = std::size_t{384} << 20;  ///< Most of a walk in memory (unit: bytes).
};

/// Shows what a network computes at chosen values, in order, over all calibration pictures, while
/// the weights behind those values still change. Every value is computed from stored ones in front
/// of it; stored are the values that are small enough, those on a grid as codes.
///
/// Needed by algorithms that round layer after layer: each sees its input as the layers before it,
/// rounded already, compute it, and no picture goes through the whole network more than once or
/// twice.
class ActivationWalk {
 public:
  /// @param graph   Of one input; read anew at every stop, so edits of weights count.
  /// @param values  What will be shown, in topological order.
  ActivationWalk(const Graph& graph, QuantMode mode, std::vector<ValueId> values,
                 std::size_t memory);

  /// Reads and stores the pictures; all later stops work on those.
  /// @param mirrors  After them come their mirror images, in as many batches.
  void load(const CalibrationData& data, bool mirrors = false);

  std::size_t batches() const { return batches_; }
  /// How many pictures of a batch could be read.
  std::int64_t pictures(std::size_t batch) const { return pictures_.at(batch); }

  /// What computes one value from stored ones.
  class Stop {
   public:
    /// Computes a batch and shows the value.
    void run(std::size_t batch, const std::function<void(const TensorView&)>& show) const;

   private:
    friend class ActivationWalk;
    ActivationWalk* walk_ = nullptr;
    ValueId value_;
    ValueId value_in_part_;
    std::vector<ValueId> sources_;
    std::unique_ptr<Plan> plan_;
    bool keeps_ = false;
  };

  /// Goes on to the next value; what no later one needs is forgotten.
  Stop next();

 private:
  /// The stored values that `value` is computed from.
  std::vector<ValueId> sources_of(ValueId value) const;
  std::size_t stored_size(ValueId value) const;
  void forget_unneeded();
  std::vector<std::byte> encode(ValueId value, const TensorView& view) const;

  const Graph& graph_;
  QuantMode mode_;
  std::vector<ValueId> values_;
  std::size_t position_ = 0;
  std::size_t batches_ = 0;
  std::vector<std::int64_t> pictures_;  ///< Per batch.
  /// The first extent of stored values, batch by batch: pictures, or rows of several per picture.
  std::map<ValueId, std::vector<std::int64_t>> rows_;
  BatchStore store_;
  std::set<ValueId> stored_;
};

}  // namespace quern
