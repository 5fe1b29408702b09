#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "quern/ptq/internal/input_columns.h"
#include "tests/support/calibrated_network.h"

namespace quern::test {

/// Layers of every form, and what they read.
class LayerInputs : public CalibratedNetwork {
 protected:
  static inline const std::vector<std::string> kLayers = {"stem",    "depthwise", "point",
                                                          "grouped", "strided",   "fc"};

  static internal::WeightedLayer layer(const Graph& graph, const std::string& name) {
    for (internal::WeightedLayer& layer : internal::weighted_layers(graph)) {
      if (layer.layer == name) return layer;
    }
    throw std::invalid_argument(name);
  }

  /// Calls show(layer, what it reads of the first batch) for all of them.
  void show_inputs(const auto& show) const {
    const Graph graph = branching_network();
    for (const std::string& name : kLayers) {
      SCOPED_TRACE(name);
      const internal::WeightedLayer each = layer(graph, name);
      const Plan plan(graph, {.mode = QuantMode::kFloat, .taps = {each.input}});
      for_each_batch(data_.samples, data_.loader, [&](int, const Batch& batch) {
        if (batch.index > 0) return;
        plan.run({batch.images}, [&](ValueId, const TensorView& view) { show(each, view); });
      });
    }
  }

  /// The columns of all slices of a batch, side by side.
  static at::Tensor columns_of(const internal::WeightedLayer& layer, const TensorView& view,
                               const std::vector<internal::ColumnSlice>& slices) {
    std::vector<at::Tensor> parts;
    for (const internal::ColumnSlice& slice : slices) {
      parts.push_back(internal::input_columns(layer, view, slice));
    }
    return at::cat(parts, 1);
  }
};

}  // namespace quern::test
