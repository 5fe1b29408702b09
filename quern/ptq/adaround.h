#pragma once

#include "quern/graph/graph.h"
#include "quern/ptq/activation_walk.h"
#include "quern/ptq/ptq_report.h"

namespace quern {

struct AdaRoundOptions {
  int iterations = 250;          ///< Of every block: steps of Adam.
  int batch_size = 32;           ///< Pictures, or patches of pictures, a step.
  std::size_t block_layers = 3;  ///< Layers of a block, at most where the network allows.
  double rate = 0.06;            ///< Of the rounding.
  double scale_rate = 0.005;     ///< Of activation scales, relative; falls to 0.
  double drop = 0.5;       ///< Share of activations left unrounded where their grids are coarse.
  bool mirror = true;      ///< Also every picture's mirror image.
  std::uint64_t seed = 0;  ///< Of what is drawn: pictures, patches, activations left unrounded.
};

/// Learns how the weights of a calibrated network are rounded, and the scales of its activations,
/// block after block: so that a block, reading what the rounded blocks before it compute, comes
/// nearest to what the float network computes there.
///
/// Each weight becomes s · clamp(⌊w/s⌋ + h(v), qmin, qmax); v and the scales are learned on the
/// mean squared error of the block's outputs while a growing penalty 1 − |2h − 1|^β draws every h
/// to 0 or
/// 1. Scales of weights stay. A scale that several grids share is learned once, where it is first
/// used. Where activations have fewer than 8 bits, some of them, and of the block's inputs, are
/// left unrounded at random while the block learns.
///
/// Blocks end where a single value leads on. Blocks of convolutions learn on patches of large
/// activations, not on whole pictures. A block that gradients can not pass is taken apart: each of
/// its layers is a block of its own. Where learning leaves more error than rounding to nearest, or
/// none that is finite, weights are rounded to nearest, and a note names the layers; others name
/// those that can not be learned.
///
/// The threshold of a ReLU6 is learned, and only lowered, where its grid has fewer than 8 bits: the
/// float network is then `reference`, no longer a float run of `graph`.
///
/// Sources: AdaRound, arXiv:2004.10568; blocks: BRECQ, arXiv:2102.05426; activations left
/// unrounded: QDrop, arXiv:2203.05740; gradients of scales: LSQ, arXiv:1902.08153.
/// @param reference  The float network, with the same names of layers.
/// @throws Error(kInvalidArgument) for options outside their domain, no pictures, or a layer that
///         the reference lacks.
PtqReport adaround(Graph& graph, const Graph& reference, const CalibrationData& data,
                   const AdaRoundOptions& options = {});

}  // namespace quern
