#pragma once

#include "quern/graph/graph.h"
#include "quern/ptq/activation_walk.h"
#include "quern/ptq/ptq_report.h"

namespace quern {

/// Gives the channels between layers the same range of weights on both sides, without changing what
/// a float network computes: channel c of what is between them is multiplied by
///
///     S_c = √(r2_c / r1_c)
///
/// where r1_c is the largest |w| of the layers that compute it, r2_c of those that read it, so that
/// both become √(r1_c · r2_c); again and again until factors are next to 1. A batch norm counts as
/// folded into its layer. Regions are those of equalize_activations.
///
/// A ReLU6, any Clip from 0 to a constant, is scaled through where that changes nothing on the
/// pictures: a channel that reaches the constant keeps its scale, any other may grow as long as it
/// stays below. So its grid keeps its constant threshold; on another picture such a channel is
/// clipped at another number than 6. Weights feel the ratios of factors only; where there is a Clip
/// the geometric mean of a region's, before some are held back, is 1.
///
/// Source: DFQ, arXiv:1906.04721, section 4.1.
/// @param graph  Canonical, without quantizers, of one input.
/// @param data   Read only where the network has such a Clip.
/// @throws Error(kInvalidArgument) for no pictures where they are needed.
PtqReport equalize_weights(Graph& graph, const CalibrationData& data);

}  // namespace quern
