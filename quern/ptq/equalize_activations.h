#pragma once

#include <optional>

#include "quern/graph/graph.h"
#include "quern/ptq/activation_walk.h"
#include "quern/ptq/ptq_report.h"

namespace quern {

struct EqualizeActivationsOptions {
  /// 0 to 1: the higher, the more evenly activations lie on their grid; the lower, the more evenly
  /// weights do. Absent: 0.5, and where a Mul stands in front of every layer or activation 0.175.
  std::optional<double> alpha = {};
  bool add_mul = false;    ///< Puts a Mul behind activations that do not scale, such as ReLU6.
  bool layerwise = false;  ///< Gives every layer a Mul of its own instead of scaling other layers.
};

/// Moves range from channels of activations that have much of it to the weights that read them,
/// without changing what a float network computes: channel c of an activation is multiplied by
///
///     S_c = w_c^(1 − alpha) / a_c^alpha,   a_c = max |x_c|,   w_c = max |W[:, c]|
///
/// and the weights W that read it are divided by S_c; a_c is taken over all pictures at the inputs
/// of the layers, w_c over the layers that read the channel. S_c = 1 where either is next to 0.
///
/// In the graph's form the factors go into the layers in front (convolutions, linear layers, batch
/// norms), through ops that scale with their inputs, and through Add and Concat, whose inputs and
/// outputs are scaled together. An activation that does not scale stops that, unless add_mul puts
/// a Mul by S behind it. `layerwise` puts one in front of every layer with weights. What can not be
/// scaled stays as it is, and the report says why.
///
/// Source: SmoothQuant, arXiv:2211.10438, with the largest of several layers.
/// @param graph  Canonical, without quantizers, of one input.
/// @throws Error(kInvalidArgument) for alpha outside 0 to 1 or no pictures.
PtqReport equalize_activations(Graph& graph, const CalibrationData& data,
                               const EqualizeActivationsOptions& options = {});

}  // namespace quern
