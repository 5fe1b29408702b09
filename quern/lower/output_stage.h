#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quern/engine/int_model.h"
#include "quern/graph/node.h"
#include "quern/lower/epilogue.h"
#include "quern/lower/grid.h"
#include "quern/lower/lower.h"
#include "quern/lower/thresholds.h"

namespace quern {

/// What integers that a layer sums up mean: real = acc · step + offset, rounded to float32 once.
/// Vectors have one element, or one per channel; `offset` is a layer's bias.
struct Accumulator {
  std::vector<double> step;
  std::vector<float> offset = {0};
  std::vector<Reach> reach;
};

/// What a layer does to its accumulators. Vectors have one element, or one per channel.
struct OutputStage {
  Requantization requantization;
  std::vector<std::int32_t> bias;  ///< In steps of the accumulator, zero points not included.
  /// What the accumulator is multiplied by before the bias is added: 1; −1 where a factor below 0
  /// goes into the weights; 0 where the channel is constant.
  std::vector<std::int32_t> sign;
  std::string note;  ///< Empty, or a clause: what is done otherwise than asked for.
};

/// Chooses multipliers and biases, or thresholds, for the layer of `node`. With M = multiplier ·
/// step / scale of the channel's line and B = offset / (multiplier · step):
///
///     code = round((acc + B) · M) + zero point
///
/// B rounded, and what that leaves over in the remainder. Thresholds stand in wherever this form
/// can not say it: a function that is no line, channels that clip at different low codes, rounding
/// that is neither to nearest nor down, a bipolar grid, a bias beyond 2^30; and, where the
/// kernel has one bias for all channels, biases that differ, or sums that lie halfway between
/// codes.
///
/// @param channels  Of the output.
/// @param bias_per_channel  Whether the kernel has a bias per channel.
/// @throws Error(kUnsupported) naming the layer where a function neither only rises nor only falls.
OutputStage output_stage(const Node& node, const Accumulator& accumulator, const Epilogue& epilogue,
                         const Grid& grid, std::int32_t channels, bool bias_per_channel,
                         const LowerOptions& options);

}  // namespace quern
