#pragma once

#include "quern/graph/graph.h"
#include "quern/ptq/activation_walk.h"
#include "quern/ptq/ptq_report.h"

namespace quern {

/// Adds to every bias what quantization took from the mean of the layer's outputs; layers without a
/// bias get one.
///
/// The mean output is linear in the mean of the layer's input columns, so that per output channel
/// the correction is (W · E[x] + b) − (Ŵ · E[x̂] + b̂), x the input in the float network. Two ways
/// are tried, and the one stays whose outputs are nearer to the float network's on some of the
/// pictures: *in turn*, x̂ is the input in the quantized network, whose layers before this one are
/// corrected; *apart*, x̂ = x, so that each layer answers for its own weights only. The first is the
/// better, unless so much of the signal is lost on the way that means say little of the rest.
///
/// Source: DFQ, arXiv:1906.04721, section 4.2 and appendix D (empirical).
/// @param reference  The float network, with the same names of layers.
/// @throws Error(kInvalidArgument) for no pictures, or a layer that the reference lacks.
PtqReport correct_bias(Graph& graph, const Graph& reference, const CalibrationData& data);

}  // namespace quern
