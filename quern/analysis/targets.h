#pragma once

#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// Something in a graph that a target can not take.
struct Finding {
  std::string layer;    ///< Or the name of a graph input.
  std::string message;  ///< What is wrong and what to do.
  std::string rule;     ///< Which rule of the target: "zero_point".
};

/// Checks a graph against what FINN's front end (QONNX cleanup, ConvertQONNXtoFINN, streamlining)
/// takes. A graph that place_quantizers made of convolutions, batch norms, Relu, adds, pools and
/// linear layers has no finding. Rules:
///
/// * static_shape: only the batch may be free. op: FINN knows the op.
/// * quantized_input, quantized_weight: what a layer with weights reads lies on a grid.
/// * weight_fork, weight_reader, weight_scale: a weight's Quant has one reader, of a kind that can
///   take its scale, which varies along the output channels alone.
/// * zero_point, rounding: 0 and to nearest. relu, identity: unsigned and not narrow behind a Relu,
///   signed elsewhere. activation_bits: at most 8. activation_scale: per tensor or per channel of
///   axis 1. bipolar_scale: 1.
/// * shared_scale: the inputs of an Add have one scale, of a Concat also one sign.
std::vector<Finding> lint_finn(const Graph& graph);

}  // namespace quern
