#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// What one node costs, for one sample.
struct LayerCost {
  std::string layer;
  std::string op;
  std::optional<Dims> input;   ///< Of its first activation; none if unknown.
  std::optional<Dims> output;  ///< Of its first output.
  std::int64_t macs = 0;
  std::int64_t parameters = 0;         ///< Trainable numbers: no statistics, no bounds. A constant
                                       ///< that several nodes read counts at the first.
  std::int64_t float_bytes = 0;        ///< Of its parameters and statistics at 32 bits.
  std::int64_t bytes = 0;              ///< The same at the bits they are quantized to.
  std::optional<int> weight_bits;      ///< None: float, or no weight.
  std::optional<int> activation_bits;  ///< Of the grid its output reaches, batch norms and
                                       ///< activations passed; none: float.
  std::vector<float> weight_scale;     ///< Empty: float, or not known yet.
  std::vector<float> activation_scale;
};

/// What a whole network costs, for one sample.
struct NetworkCost {
  std::vector<LayerCost> layers;  ///< In the order of the nodes.
  std::int64_t macs = 0;
  std::int64_t parameters = 0;
  std::int64_t float_bytes = 0;
  std::int64_t bytes = 0;
  std::int64_t peak_float_bytes = 0;  ///< Activations alive at the same time, at 32 bits.
  std::int64_t peak_bytes = 0;        ///< The same at the bits they are quantized to.
};

/// Counts a graph whose shapes are inferred; free extents count as 1.
///
/// The peak is that of running the nodes in order and freeing a buffer after its last reader; batch
/// norms, activations, Quants and flattening work in place where nothing else reads their input.
NetworkCost cost(const Graph& graph);

}  // namespace quern
