#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "quern/engine/packed_weights.h"
#include "quern/runtime/requantize.h"
#include "quern/runtime/window.h"

namespace quern {

// A network of integers. Everything in it is what the kernels of quern/runtime read; nothing is
// left to decide at run time. `check` (quern/engine/check.h) says when it is well formed.

/// Positions in IntModel::tensors and IntModel::ops.
using TensorIndex = std::int32_t;
using OpIndex = std::int32_t;

/// The activations of one sample, [height, width, channels], channels innermost.
///
/// Codes are stored unsigned, from 0 up, whatever the sign of the grid: a signed code q of 8 bits
/// is stored as q + 128. A stored u means the real value (u − zero_point) · scale.
struct IntTensor {
  std::string name;  ///< Of the layer that computes it, or of the input; unique in the model.
  std::int32_t height = 1;
  std::int32_t width = 1;
  std::int32_t channels = 1;
  std::int32_t bits = 8;        ///< 8, 4 or 2: codes. 32: signed integers, of an output only.
  std::vector<float> scale;     ///< One, or one per channel; each > 0 and finite.
  std::int32_t zero_point = 0;  ///< Stored integer of the real value 0.
  std::int32_t first_code = 0;  ///< The grid's own code that is stored as 0: −128 for int8.

  bool operator==(const IntTensor&) const = default;
};

/// How accumulators become the stored codes of an op's output; quern_requantize computes it. The
/// zero point is the output's. `multiplier` and `shift` have one element or one per entry,
/// `remainder` and `highest` as many or none, and `thresholds` high − low for each.
///
/// A channel that batch norm makes constant (γ = 0) has weights of 0 and its constant in the bias.
struct Requantization {
  QuernRounding rounding = kQuernNearest;
  std::int32_t low = 0;  ///< Smallest and largest stored code, an activation's clamp included.
  std::int32_t high = 255;
  std::vector<std::int32_t> multiplier;  ///< See QuernRequantize for the domains.
  std::vector<std::uint8_t> shift;
  std::vector<std::int32_t> remainder;
  std::vector<std::uint8_t> highest;
  std::vector<std::int32_t> thresholds;

  bool operator==(const Requantization&) const = default;
};

inline bool operator==(const QuernWindow& a, const QuernWindow& b) {
  return a.height == b.height && a.width == b.width && a.stride_height == b.stride_height &&
         a.stride_width == b.stride_width && a.dilation_height == b.dilation_height &&
         a.dilation_width == b.dilation_width && a.top == b.top && a.left == b.left;
}

/// A convolution (QuernConv). Depthwise where groups = input channels = output channels. A fully
/// connected layer is one whose window is its whole input.
struct IntConv {
  QuernWindow window = {};
  std::int32_t groups = 1;
  std::int32_t padding = 0;         ///< The stored code that taps outside of the input read.
  PackedWeights weights;            ///< [window height][window width][channels of the group].
  std::vector<float> weight_scale;  ///< One, or one per channel: what a weight's step means.
  std::vector<std::int32_t> bias;   ///< Per output channel, −z · Σ w of the input's z included.
  Requantization requantization;

  bool operator==(const IntConv&) const = default;
};

/// The largest element of a window; the output has the input's grid.
struct IntMaxPool {
  QuernWindow window = {};

  bool operator==(const IntMaxPool&) const = default;
};

/// The mean of a window. The multiplier contains 1 / n; where the mean divides by the number n of
/// taps inside the input, the requantization has an entry per n from 1 to all taps.
struct IntAveragePool {
  QuernWindow window = {};
  Requantization requantization;

  bool operator==(const IntAveragePool&) const = default;
};

/// acc = a · factor_a + b · factor_b + bias of two inputs (QuernAdd).
struct IntAdd {
  std::int32_t factor_a = 1;
  std::int32_t factor_b = 1;
  std::int32_t bias = 0;
  Requantization requantization;

  bool operator==(const IntAdd&) const = default;
};

/// acc = x · factor[c] + bias[c] (QuernAffine).
struct IntAffine {
  std::vector<std::int32_t> factor;
  std::vector<std::int32_t> bias;
  Requantization requantization;

  bool operator==(const IntAffine&) const = default;
};

/// The output's code of every code of the input: one table, or one per channel (QuernLookup).
struct IntLookup {
  std::vector<std::uint8_t> table;  ///< [1 or channels][2^bits of the input]

  bool operator==(const IntLookup&) const = default;
};

/// All inputs side by side along the channels, on one grid (QuernConcat).
struct IntConcat {
  bool operator==(const IntConcat&) const = default;
};

/// A margin of one stored code; negative margins cut (QuernPad).
struct IntPad {
  std::int32_t top = 0;
  std::int32_t left = 0;
  std::int32_t value = 0;

  bool operator==(const IntPad&) const = default;
};

/// Nearest-neighbour resizing: the input's row and column of each of the output (QuernResize).
struct IntResize {
  std::vector<std::uint16_t> row;
  std::vector<std::uint16_t> column;

  bool operator==(const IntResize&) const = default;
};

struct IntOp {
  std::string layer;                ///< Node::layer of what it computes; reports speak of it.
  std::vector<TensorIndex> inputs;  ///< Two of an Add, one or more of a Concat, else one.
  TensorIndex output = 0;
  std::variant<IntConv, IntMaxPool, IntAveragePool, IntAdd, IntAffine, IntLookup, IntConcat, IntPad,
               IntResize>
      kind;

  bool operator==(const IntOp&) const = default;
};

/// What an application hands to the network.
enum class InputKind : std::uint8_t {
  kCodes,   ///< Codes of the input's grid, as stored.
  kPixels,  ///< Pixels 0 … 255 as decoded, resized and cropped; a lookup makes codes of them.
};

struct IntInput {
  TensorIndex tensor = 0;
  InputKind kind = InputKind::kCodes;
  bool bgr = false;  ///< kPixels: blue first.

  bool operator==(const IntInput&) const = default;
};

/// A step of the schedule: rows row_begin to row_end − 1 of an op's output.
struct IntStep {
  OpIndex op = 0;
  std::int32_t row_begin = 0;
  std::int32_t row_end = 0;

  bool operator==(const IntStep&) const = default;
};

/// Where a tensor lies in the arena; the fields of QuernTensor that are not its shape.
struct Placement {
  std::int64_t offset = 0;  ///< Multiple of kArenaAlignment.
  std::int32_t pixel_bytes = 0;
  std::int32_t row_bytes = 0;
  std::int32_t rows = 0;  ///< Fewer than the height: a buffer of rows, used in rotation.

  bool operator==(const Placement&) const = default;
};

inline constexpr std::int64_t kArenaAlignment = 16;

/// One block of memory for everything that a run writes.
struct MemoryPlan {
  std::int64_t arena_bytes = 0;
  std::vector<Placement> tensors;     ///< Per tensor of the model.
  std::vector<std::int64_t> scratch;  ///< Per op: offset of its scratch memory.

  bool operator==(const MemoryPlan&) const = default;
};

struct IntModel {
  std::vector<IntTensor> tensors;  ///< Each is an input or the output of one op.
  std::vector<IntOp> ops;          ///< An op stands after those that it reads.
  std::vector<IntInput> inputs;
  std::vector<TensorIndex> outputs;
  std::vector<IntStep> schedule;
  MemoryPlan memory;
  std::map<std::string, std::string> provenance;  ///< What it was made of and how.

  bool operator==(const IntModel&) const = default;
};

}  // namespace quern
