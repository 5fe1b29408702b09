#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/ops/window_geometry.h"

namespace quern::internal {

/// A Conv, Gemm or MatMul with a constant weight, seen as `groups` matrices [outputs, inputs] that
/// multiply the columns of its input. Columns of a Conv are its windows, in the order (row of the
/// kernel, column of the kernel, channel of the group).
struct WeightedLayer {
  NodeId node;
  std::string layer;
  ValueId input;     ///< The activation, as it is read.
  ValueId weight;    ///< The constant, in front of its Quant.
  QuantizerId grid;  ///< Of the weight; none where it stays float.
  std::int64_t groups = 1;
  std::int64_t outputs = 0;              ///< Of one group.
  std::int64_t inputs = 0;               ///< Of one group: channels times kernel.
  std::optional<WindowGeometry> window;  ///< Of a Conv.

  bool is_depthwise() const { return groups > 1 && depth() == 1; }
  /// Channels of one group.
  std::int64_t depth() const {
    return window ? inputs / (window->kernel[0] * window->kernel[1]) : inputs;
  }
};

/// All of them in the order in which they are computed. Needs inferred shapes.
std::vector<WeightedLayer> weighted_layers(const Graph& graph);

/// Nodes that read a weight on a grid and are none of them: a ConvTranspose, a MatMul with a weight
/// of more than two axes.
std::vector<NodeId> other_layers(const Graph& graph);

/// The layers of the same names in another graph.
/// @throws Error(kInvalidArgument) naming the one that `reference` lacks or has in another shape.
std::vector<WeightedLayer> layers_in(const Graph& reference,
                                     const std::vector<WeightedLayer>& layers);

std::vector<ValueId> inputs_of(const std::vector<WeightedLayer>& layers);

/// The weight as float32 [groups, outputs, inputs].
at::Tensor weight_matrices(const Graph& graph, const WeightedLayer& layer);
/// Such matrices in the shape in which the layer reads its weight; shares their memory.
at::Tensor shaped_weight(const Graph& graph, const WeightedLayer& layer,
                         const at::Tensor& matrices);
/// Replaces the weight; a constant that other layers read is copied.
void set_weight_matrices(Graph& graph, const WeightedLayer& layer, const at::Tensor& matrices);

}  // namespace quern::internal
