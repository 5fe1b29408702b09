#include <algorithm>
#include <variant>

#include "quern/engine/accumulator_bound.h"
#include "quern/engine/internal/check.h"
#include "quern/engine/internal/demand.h"
#include "quern/engine/kernel_args.h"

namespace quern::internal {
namespace {

/// Positions and sizes stay below this, so that kernels can add a few of them.
constexpr std::int64_t kLargestPosition = std::int64_t{1} << 28;

void check_bound(std::int64_t bound) {
  demand(bound < kAccumulatorEnd, "its accumulator could reach {}, which int32 does not hold",
         bound);
}

/// Checks an op whose kind is the argument.
class OpCheck {
 public:
  OpCheck(const IntModel& model, const IntOp& op)
      : model_(model), op_(op), output_(tensor(op.output)) {}

  void operator()(const IntConv& conv) const {
    check_inputs(1);
    check_codes(input());
    check_window(conv.window);
    const PackedWeights& weights = conv.weights;
    demand(conv.groups >= 1 && input().channels % conv.groups == 0 &&
               output_.channels % conv.groups == 0,
           "{} groups do not divide {} and {} channels", conv.groups, input().channels,
           output_.channels);
    const std::int32_t groups = is_depthwise(model_, op_) ? 1 : conv.groups;
    demand(weights.channels == output_.channels && weights.groups == groups,
           "its weights have {} channels in {} groups, expected {} in {}", weights.channels,
           weights.groups, output_.channels, groups);
    const std::int64_t depth =
        std::int64_t{conv.window.height} * conv.window.width * (input().channels / conv.groups);
    demand(depth * input().channels < kLargestPosition && weights.depth == depth,
           "a channel has {} weights, expected {}", weights.depth, depth);
    demand(weights.bits == 8 || weights.bits == 4 || weights.bits == 2 || weights.bits == 1,
           "its weights have {} bits, expected 8, 4, 2 or 1", weights.bits);
    demand(std::ssize(weights.words) == word_count(weights),
           "it has {} words of weights, expected {}", weights.words.size(), word_count(weights));
    demand(weights.zero.empty() || std::ssize(weights.zero) == output_.channels,
           "it has {} zeros for {} channels", weights.zero.size(), output_.channels);
    demand(conv.weight_scale.size() == 1 || std::ssize(conv.weight_scale) == output_.channels,
           "it has {} weight scales for {} channels", conv.weight_scale.size(), output_.channels);
    check_per_channel(conv.bias.size(), "biases");
    check_code(conv.padding, input(), "padding");
    for (std::int32_t o = 0; o < output_.channels; ++o) {
      check_bound(accumulator_bound(conv, input().bits, o));
    }
    check_requantization(conv.requantization, output_, output_.channels);
  }

  void operator()(const IntMaxPool& pool) const {
    check_pool(pool.window);
    demand(input().bits == output_.bits, "its input has {} bits and its output {}", input().bits,
           output_.bits);
  }

  void operator()(const IntAveragePool& pool) const {
    check_pool(pool.window);
    check_bound(accumulator_bound(pool, input()));
    demand(pool.requantization.rounding != kQuernThresholds, "an average has no thresholds");
    check_requantization(pool.requantization, output_,
                         std::int64_t{pool.window.height} * pool.window.width);
  }

  void operator()(const IntAdd& add) const {
    check_inputs(2);
    check_same_shape(input(0));
    check_same_shape(input(1));
    check_bound(accumulator_bound(add, input(0).bits, input(1).bits));
    check_requantization(add.requantization, output_, output_.channels);
  }

  void operator()(const IntAffine& affine) const {
    check_inputs(1);
    check_same_shape(input());
    check_per_channel(affine.factor.size(), "factors");
    check_per_channel(affine.bias.size(), "biases");
    for (std::int32_t c = 0; c < output_.channels; ++c) {
      check_bound(accumulator_bound(affine, input().bits, c));
    }
    check_requantization(affine.requantization, output_, output_.channels);
  }

  void operator()(const IntLookup& lookup) const {
    check_inputs(1);
    check_same_shape(input());
    check_codes(output_);
    const std::int64_t levels = std::int64_t{1} << input().bits;
    demand(
        std::ssize(lookup.table) == levels || std::ssize(lookup.table) == levels * output_.channels,
        "its table has {} codes, expected {} or that for each of {} channels", lookup.table.size(),
        levels, output_.channels);
    for (const std::uint8_t code : lookup.table) check_code(code, output_, "table");
  }

  void operator()(const IntConcat&) const {
    demand(!op_.inputs.empty(), "it has no inputs");
    std::int64_t channels = 0;
    for (std::size_t i = 0; i < op_.inputs.size(); ++i) {
      check_codes(input(i));
      demand(input(i).bits == output_.bits && input(i).height == output_.height &&
                 input(i).width == output_.width,
             "input {} is {}x{} of {} bits, its output {}x{} of {}", i, input(i).height,
             input(i).width, input(i).bits, output_.height, output_.width, output_.bits);
      channels += input(i).channels;
    }
    demand(channels == output_.channels, "its inputs have {} channels together, its output {}",
           channels, output_.channels);
  }

  void operator()(const IntPad& pad) const {
    check_moved();
    check_code(pad.value, input(), "value");
    demand(is_near(pad.top) && is_near(pad.left), "its margins are {} and {}, expected at most {}",
           pad.top, pad.left, UINT16_MAX);
  }

  void operator()(const IntResize& resize) const {
    check_moved();
    const auto is_below = [](std::int32_t end) {
      return [=](std::uint16_t at) { return at < end; };
    };
    demand(std::ssize(resize.row) == output_.height &&
               std::ranges::all_of(resize.row, is_below(input().height)),
           "its rows do not lead {} rows to {}", output_.height, input().height);
    demand(std::ssize(resize.column) == output_.width &&
               std::ranges::all_of(resize.column, is_below(input().width)),
           "its columns do not lead {} columns to {}", output_.width, input().width);
  }

 private:
  const IntTensor& tensor(TensorIndex index) const {
    return model_.tensors[static_cast<std::size_t>(index)];
  }
  const IntTensor& input(std::size_t position = 0) const { return tensor(op_.inputs[position]); }

  static bool is_near(std::int32_t value) {
    return value >= -std::int32_t{UINT16_MAX} && value <= UINT16_MAX;
  }

  void check_inputs(std::size_t count) const {
    demand(op_.inputs.size() == count, "it has {} inputs, expected {}", op_.inputs.size(), count);
  }

  static void check_codes(const IntTensor& tensor) {
    demand(tensor.bits <= 8, "tensor '{}' has {} bits, expected codes of at most 8", tensor.name,
           tensor.bits);
  }

  static void check_code(std::int32_t code, const IntTensor& tensor, const char* what) {
    demand(code >= 0 && code < std::int32_t{1} << tensor.bits,
           "its {} holds {}, which is no code of {} bits", what, code, tensor.bits);
  }

  void check_per_channel(std::size_t count, const char* what) const {
    demand(count == static_cast<std::size_t>(output_.channels), "it has {} {} for {} channels",
           count, what, output_.channels);
  }

  void check_same_shape(const IntTensor& from) const {
    check_codes(from);
    demand(from.height == output_.height && from.width == output_.width &&
               from.channels == output_.channels,
           "its input is {}x{}x{}, its output {}x{}x{}", from.height, from.width, from.channels,
           output_.height, output_.width, output_.channels);
  }

  /// An op that moves pixels as they are.
  void check_moved() const {
    check_inputs(1);
    check_codes(input());
    demand(input().bits == output_.bits && input().channels == output_.channels,
           "its input has {} channels of {} bits, its output {} of {}", input().channels,
           input().bits, output_.channels, output_.bits);
  }

  void check_window(const QuernWindow& window) const {
    for (const std::int32_t value :
         {window.height, window.width, window.stride_height, window.stride_width,
          window.dilation_height, window.dilation_width}) {
      demand(value >= 1 && value <= UINT16_MAX, "its window has {}, expected 1 to {}", value,
             UINT16_MAX);
    }
    demand(is_near(window.top) && is_near(window.left) && window.top >= 0 && window.left >= 0,
           "its window has the padding {} and {}, expected 0 to {}", window.top, window.left,
           UINT16_MAX);
    const auto reach = [](std::int64_t outputs, std::int64_t stride, std::int64_t taps,
                          std::int64_t dilation) { return outputs * stride + taps * dilation; };
    demand(reach(output_.height, window.stride_height, window.height, window.dilation_height) <
                   kLargestPosition &&
               reach(output_.width, window.stride_width, window.width, window.dilation_width) <
                   kLargestPosition,
           "its window reaches further than {}", kLargestPosition);
  }

  void check_pool(const QuernWindow& window) const {
    check_inputs(1);
    check_codes(input());
    check_window(window);
    demand(input().channels == output_.channels, "its input has {} channels and its output {}",
           input().channels, output_.channels);
    demand(std::int64_t{window.height} * window.width < kLargestPosition,
           "its window has too many taps: {}x{}", window.height, window.width);
    for (std::int32_t y = 0; y < output_.height; ++y) {
      const QuernTaps inside =
          quern_taps_inside(y * window.stride_height - window.top, window.dilation_height,
                            window.height, input().height);
      demand(inside.begin < inside.end, "its window at row {} lies in the padding", y);
    }
    for (std::int32_t x = 0; x < output_.width; ++x) {
      const QuernTaps inside =
          quern_taps_inside(x * window.stride_width - window.left, window.dilation_width,
                            window.width, input().width);
      demand(inside.begin < inside.end, "its window at column {} lies in the padding", x);
    }
  }

  const IntModel& model_;
  const IntOp& op_;
  const IntTensor& output_;
};

}  // namespace

void check_op(const IntModel& model, const IntOp& op) { std::visit(OpCheck(model, op), op.kind); }

}  // namespace quern::internal
