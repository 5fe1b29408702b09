#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "quern/ptq/activation_walk.h"
#include "quern/ptq/internal/input_moments.h"
#include "quern/ptq/internal/weight_grid.h"
#include "quern/ptq/ptq_report.h"

namespace quern::internal {

/// The layers whose weight lies on a grid that it can be rounded to; others on a grid are noted.
std::vector<WeightedLayer> rounded_layers(const Graph& graph, PtqReport& report);

/// Rounded weights for those of a layer: all [groups, outputs, inputs], float64.
using RoundWeights = std::function<at::Tensor(const WeightedLayer& layer, const at::Tensor& weights,
                                              const WeightGrid& grid, const InputMoments& moments,
                                              PtqReport& report)>;

/// Replaces the weights of every layer of `graph` that lie on a grid, in the order in which they
/// are computed, by what `round` makes of them and of the moments of the layer's input.
/// @param title      What the progress bar says.
/// @param reference  The float network, whose layers have the same names; null where the moments
///                   need not be mixed.
/// @throws Error(kInvalidArgument) for no pictures or a layer that the reference lacks,
///         Error(kParse) naming a layer whose input is infinite.
PtqReport round_layers(Graph& graph, const Graph* reference, const CalibrationData& data,
                       const std::string& title, const RoundWeights& round);

}  // namespace quern::internal
