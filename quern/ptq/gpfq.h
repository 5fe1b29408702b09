#pragma once

#include "quern/graph/graph.h"
#include "quern/ptq/activation_walk.h"
#include "quern/ptq/ptq_report.h"

namespace quern {

struct GpfqOptions {
  bool act_order = true;  ///< Columns of the largest input first.
};

/// Rounds the weights of a calibrated network layer after layer, each column to what follows the
/// float network best given the columns rounded before it. Scales stay.
///
/// Per output row w with H = E[x̂ x̂ᵀ] and G = E[x̂ xᵀ], x̂ the layer's input as the rounded layers
/// before it compute it and x that of the float network: for each column t,
/// q_t = Q((Σ_{j≤t} G_tj w_j − Σ_{j<t} H_tj q_j) / H_tt). An input that is always 0 is rounded
/// plainly.
///
/// Source: GPFQ, arXiv:2201.11113.
/// @param reference  The float network, with the same names of layers; its ReLU6 clip.
/// @throws Error(kInvalidArgument) for no pictures, or a layer that the reference lacks;
///         Error(kParse) naming a layer whose input is infinite.
PtqReport gpfq(Graph& graph, const Graph& reference, const CalibrationData& data,
               const GpfqOptions& options = {});

}  // namespace quern
