#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "quern/executor/plan.h"
#include "quern/graph/graph.h"
#include "quern/ptq/calibration_pictures.h"

namespace quern {

/// Shows what a network computes at chosen values, in order, over all calibration pictures, while
/// the weights behind those values still change. Every value is computed from stored ones in front
/// of it, or from the pictures. Stored, those on a grid as codes, are values that memory is left
/// for, and those that are not much larger than what they are computed from.
///
/// Needed by algorithms that round layer after layer: each sees its input as the layers before it,
/// rounded already, compute it, and no picture goes through the whole network more than once or
/// twice. Walks through several networks side by side share the pictures and their store.
class ActivationWalk {
 public:
  /// @param graph   Of one input; read anew at every stop, so edits of weights count.
  /// @param values  What will be shown, in topological order.
  ActivationWalk(const Graph& graph, QuantMode mode, std::vector<ValueId> values,
                 CalibrationPictures& pictures);

  /// What computes one value from stored ones.
  class Stop {
   public:
    /// Computes a batch and shows the value; nothing where none of its pictures could be read.
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
  struct Stored {
    /// The first extent, batch by batch: pictures, or rows of several per picture.
    std::vector<std::int64_t> rows;
    std::vector<BatchStore::Place> places;
  };

  bool is_source(ValueId value) const;
  /// The stored values, or the network's input, that `value` is computed from.
  std::vector<ValueId> sources_of(ValueId value) const;
  /// Of one picture (unit: bytes).
  std::size_t stored_size(ValueId value) const;
  bool is_kept(const Stop& stop) const;
  void forget_unneeded();
  void keep(ValueId value, std::size_t batch, const TensorView& view);

  const Graph& graph_;
  QuantMode mode_;
  std::vector<ValueId> values_;
  std::size_t position_ = 0;
  CalibrationPictures& pictures_;
  std::map<ValueId, Stored> stored_;
};

}  // namespace quern
