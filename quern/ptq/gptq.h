#pragma once

#include "quern/graph/graph.h"
#include "quern/ptq/activation_walk.h"
#include "quern/ptq/ptq_report.h"

namespace quern {

struct GptqOptions {
  double damping = 0.01;          ///< Added to the Hessian's diagonal, relative to its mean.
  bool act_order = true;          ///< Columns of the largest diagonal first.
  bool asymmetric = true;         ///< Aim at the float network's outputs, as GPTAQ does.
  std::int64_t block_size = 128;  ///< Columns between updates of all later ones.
};

/// Rounds the weights of a calibrated network layer after layer, so that what a column's rounding
/// does to the layer's output is made up for by the columns not rounded yet. Scales stay.
///
/// Per output row w with H = E[x̂ x̂ᵀ] of the layer's input x̂, as the layers rounded already compute
/// it, and U the upper Cholesky factor of (H + damping)⁻¹: for each column i, q_i = Q(w_i), then
/// w_j −= (w_i − q_i) · U_ij / U_ii for all j > i. Depthwise and grouped convolutions are as many
/// independent problems as they have groups.
///
/// The quadratic error that is made small is E(w·x̂ − q·x̂)² or, where `asymmetric`, E(w·x − q·x̂)²,
/// x the input in the float network: then w becomes w + w (E[x x̂ᵀ] − H)(H + damping)⁻¹ first, which
/// makes up for what the layers before did to x̂. A row that plain rounding leaves nearer to these
/// w, by (w − q)ᵀ H (w − q), is rounded plainly.
///
/// Source: GPTQ, arXiv:2210.17323; GPTAQ, arXiv:2504.02692.
/// @param reference  The float network, with the same names of layers; read where `asymmetric`.
/// @throws Error(kInvalidArgument) for options outside their domain, no pictures, or a layer that
///         the reference lacks; Error(kParse) naming a layer whose input is infinite.
PtqReport gptq(Graph& graph, const Graph& reference, const CalibrationData& data,
               const GptqOptions& options = {});

}  // namespace quern
