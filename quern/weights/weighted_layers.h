#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// What a batch norm computes with; vectors of one number a channel.
struct BatchNormWeights {
  Tensor gamma, beta, mean, variance;
  std::optional<float> epsilon;  ///< None: the framework's.
};

/// The numbers of one layer, float32.
struct LayerWeights {
  std::string layer;
  Tensor weight;               ///< O I H W of a convolution, O I of a linear layer.
  std::optional<Tensor> bias;  ///< [O]
  std::optional<BatchNormWeights> batchnorm;
};

/// A convolution or linear layer of a graph with everything that belongs to it.
struct WeightedLayer {
  NodeId node;
  NodeId batchnorm;  ///< The BatchNormalization behind it; none where there is none.
  LayerWeights weights;
  std::int64_t groups = 1;
  std::vector<std::int64_t> strides;  ///< Empty for a linear layer.
  std::vector<std::int64_t> pads;     ///< A Pad of zeros in front included.
  std::string activation;             ///< Behind both: "Relu", "Clip(0, 6)", …; empty if none.

  bool is_linear() const { return weights.weight.rank() == 2; }
};

/// The layers of a canonical float graph in the order of execution. A bias added by a node of its
/// own is the layer's bias; channels multiplied by one are its batch norm.
/// @throws Error(kUnsupported) naming a layer whose weight is computed or quantized.
std::vector<WeightedLayer> weighted_layers(const Graph& graph);

}  // namespace quern
