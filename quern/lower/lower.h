#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quern/engine/int_model.h"
#include "quern/graph/graph.h"

namespace quern {

/// Where a batch norm, and whatever else scales a layer's channels, goes.
enum class Fold : std::uint8_t {
  kWeights,     ///< Into the weights, which get the grid of the folded weights.
  kIcn,         ///< Into a multiplier and bias per channel: integer channel normalization.
  kThresholds,  ///< Into the thresholds between codes, which reproduce the float decision.
};

/// "weights", "icn", "thresholds"
std::string_view name(Fold fold);
/// @throws Error(kInvalidArgument) for another word, naming the three.
Fold fold_from(std::string_view name);

/// How a product with a multiplier becomes a code.
enum class RequantizeRounding : std::uint8_t {
  kNearest,  ///< As the grid of the output rounds, once.
  kFloor,    ///< Towards minus infinity, the bias rounded to whole steps: ICN as published.
};

/// "nearest", "floor"
std::string_view name(RequantizeRounding rounding);
/// @throws Error(kInvalidArgument) for another word, naming the two.
RequantizeRounding requantize_rounding_from(std::string_view name);

struct LowerOptions {
  Fold fold = Fold::kIcn;
  RequantizeRounding rounding = RequantizeRounding::kNearest;

  bool operator==(const LowerOptions&) const = default;
};

/// The largest accumulator that a layer's weights and the codes it may read allow:
/// Σ |w| · max x + |bias| (quern/engine/accumulator_bound.h). Kernels have int32.
struct AccumulatorBound {
  std::string layer;
  std::int64_t bound = 0;
};

struct LowerReport {
  std::vector<AccumulatorBound> bounds;  ///< Of each layer that accumulates, in order.
  std::vector<std::string> notes;  ///< One sentence each: what was left out or done otherwise.
};

struct LoweredModel {
  IntModel model;
  LowerReport report;
};

/// Turns a calibrated or trained graph into a network of integers.
///
/// Every Quant on an activation ends a layer: what computes its input (a convolution, linear layer,
/// add, average pool, or another grid's codes), with the batch norms, factors and activations in
/// between, becomes one op whose output is the Quant's codes. `docs/integers.md` has the formulas.
///
/// A tensor is called like the layer of the Quant whose codes it holds. Where preprocessing is
/// recorded, a three-channel input takes pixels, and a table makes input codes of them; else it
/// takes codes. Rows and columns that are free become the recorded crop. A Softmax, Sigmoid or
/// ArgMax that only the outputs read is left out, with a note.
///
/// @throws Error(kUnsupported) naming layer, op, reason and the nearest thing that works.
///
/// Source of the three folds: Rusci et al., "Memory-Driven Mixed Low Precision Quantization For
/// Enabling Deep Network Inference On Microcontrollers", 2019, arXiv:1905.13082.
LoweredModel lower(const Graph& graph, const LowerOptions& options = {});

}  // namespace quern
