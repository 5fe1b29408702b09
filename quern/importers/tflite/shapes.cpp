// What moves elements without changing them, and the arithmetic of shapes.
#include <limits>

#include "quern/importers/tflite/ops.h"

namespace quern::tflite_ops {
namespace {

using Integers = std::vector<std::int64_t>;

/// Of a list in the options: no tensor of TFLite has more axes.
constexpr std::size_t kMostAxes = 8;

Integers axes_of(const std::vector<std::int32_t>& list) {
  TfliteOp::check(list.size() <= kMostAxes, "its options name {} axes, at most {} exist",
                  list.size(), kMostAxes);
  return {list.begin(), list.end()};
}

/// The one number of constant input `i`.
std::int64_t one_integer(TfliteOp& op, std::size_t i) {
  const Integers values = op.integers(i);
  TfliteOp::check(values.size() == 1, "its input {} has {} elements, expected 1", i, values.size());
  return values[0];
}

void split_into(TfliteOp& op, const std::vector<ValueId>& inputs, std::int64_t axis) {
  const std::vector<ValueId> parts = op.emit("Split", inputs, {{"axis", axis}}, op.output_count());
  for (std::size_t i = 0; i < parts.size(); ++i) op.finish(parts[i], i);
}

/// Where a slice begins and ends along each axis, and the axes that go.
struct Range {
  Integers begin, end, step, dropped;
};

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

Range strided_range(TfliteOp& op, const tflite::StridedSliceOptionsT& options) {
  TfliteOp::check_supported(options.ellipsis_mask == 0 && options.new_axis_mask == 0,
                            "it adds axes or skips some (supported: one range for each of the "
                            "first axes)");
  Range range = {op.integers(1), op.integers(2), op.integers(3), {}};
  const std::size_t count = range.begin.size();
  TfliteOp::check(count == range.end.size() && count == range.step.size() && count <= kMostAxes,
                  "it has {} begins, {} ends and {} steps", count, range.end.size(),
                  range.step.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto is_set = [&](std::int32_t mask) { return (mask >> i & 1) != 0; };
    const bool is_forward = range.step[i] > 0;
    if (options.offset && __builtin_add_overflow(range.begin[i], range.end[i], &range.end[i])) {
      TfliteOp::check(false, "it has the begin {}", range.begin[i]);
    }
    if (is_set(options.begin_mask)) range.begin[i] = is_forward ? 0 : kLast;
    if (is_set(options.end_mask)) range.end[i] = is_forward ? kLast : kFirst;
    if (!is_set(options.shrink_axis_mask)) continue;
    // One element: −1 is the last, behind which there is no number.
    range.end[i] = range.begin[i] == -1 || range.begin[i] == kLast ? kLast : range.begin[i] + 1;
    range.step[i] = 1;
    range.dropped.push_back(static_cast<std::int64_t>(i));
  }
  return range;
}

Integers first_axes(std::size_t count) {
  Integers axes;
  for (std::size_t i = 0; i < count; ++i) axes.push_back(static_cast<std::int64_t>(i));
  return axes;
}

}  // namespace

void reshape(TfliteOp& op) {
  if (op.has_input(1) && !op.is_constant(1)) {
    return op.finish({.op = "Reshape", .inputs = {op.value(0), op.value(1)}});
  }
  const Integers target =
      op.has_input(1) ? op.integers(1) : axes_of(op.options<tflite::ReshapeOptions>().new_shape);
  for (const std::int64_t extent : target) {
    TfliteOp::check(extent == -1 || extent > 0, "it reshapes to the extent {}", extent);
  }
  op.finish({.op = "Reshape", .inputs = {op.value(0), op.constant(target)}});
}

void squeeze(TfliteOp& op) {
  const Integers axes = axes_of(op.options<tflite::SqueezeOptions>().squeeze_dims);
  std::vector<ValueId> inputs = {op.value(0)};
  if (!axes.empty()) inputs.push_back(op.constant(axes));
  op.finish({.op = "Squeeze", .inputs = inputs});
}

void expand_dims(TfliteOp& op) {
  op.finish({.op = "Unsqueeze", .inputs = {op.value(0), op.constant(op.integers(1))}});
}

void transpose(TfliteOp& op) {
  op.finish({.op = "Transpose", .inputs = {op.value(0)}, .attributes = {{"perm", op.integers(1)}}});
}

void concatenation(TfliteOp& op) {
  const auto options = op.options<tflite::ConcatenationOptions>();
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < op.input_count(); ++i) inputs.push_back(op.value(i));
  op.finish({.op = "Concat",
             .inputs = inputs,
             .attributes = {{"axis", std::int64_t{options.axis}}},
             .activation = options.fused_activation_function});
}

void split(TfliteOp& op) { split_into(op, {op.value(1)}, one_integer(op, 0)); }

void split_v(TfliteOp& op) {
  const ValueId parts = op.constant(op.integers(1));
  split_into(op, {op.value(0), parts}, one_integer(op, 2));
}

void pack(TfliteOp& op) {
  const std::int64_t axis = op.options<tflite::PackOptions>().axis;
  std::vector<ValueId> inputs;
  for (std::size_t i = 0; i < op.input_count(); ++i) {
    inputs.push_back(op.emit("Unsqueeze", {op.value(i), op.constant(Integers{axis})}));
  }
  op.finish({.op = "Concat", .inputs = inputs, .attributes = {{"axis", axis}}});
}

void unpack(TfliteOp& op) {
  const std::int64_t axis = op.options<tflite::UnpackOptions>().axis;
  const std::vector<ValueId> parts =
      op.emit("Split", {op.value(0)}, {{"axis", axis}}, op.output_count());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    op.finish({.op = "Squeeze", .inputs = {parts[i], op.constant(Integers{axis})}}, i);
  }
}

void slice(TfliteOp& op) {
  const Integers begin = op.integers(1);
  Integers end = op.integers(2);
  TfliteOp::check(begin.size() == end.size(), "it has {} begins and {} sizes", begin.size(),
                  end.size());
  for (std::size_t i = 0; i < end.size(); ++i) {
    TfliteOp::check(begin[i] >= 0 && end[i] >= -1, "it takes {} elements from {} on", end[i],
                    begin[i]);
    const bool takes_rest = end[i] == -1;
    if (takes_rest || __builtin_add_overflow(begin[i], end[i], &end[i])) end[i] = kLast;
  }
  op.finish({.op = "Slice",
             .inputs = {op.value(0), op.constant(begin), op.constant(end),
                        op.constant(first_axes(begin.size()))}});
}

void strided_slice(TfliteOp& op) {
  const Range range = strided_range(op, op.options<tflite::StridedSliceOptions>());
  const std::vector<ValueId> inputs = {
      op.value(0), op.constant(range.begin), op.constant(range.end),
      op.constant(first_axes(range.begin.size())), op.constant(range.step)};
  if (range.dropped.empty()) return op.finish({.op = "Slice", .inputs = inputs});
  const ValueId sliced = op.emit("Slice", inputs);
  op.finish({.op = "Squeeze", .inputs = {sliced, op.constant(range.dropped)}});
}

void shape(TfliteOp& op) { op.finish({.op = "Shape", .inputs = {op.value(0)}}); }

void gather(TfliteOp& op) {
  const auto options = op.options<tflite::GatherOptions>();
  TfliteOp::check_supported(options.batch_dims == 0, "it has {} batch axes (supported: none)",
                            options.batch_dims);
  op.finish({.op = "Gather",
             .inputs = {op.value(0), op.value(1)},
             .attributes = {{"axis", std::int64_t{options.axis}}}});
}

void tile(TfliteOp& op) { op.finish({.op = "Tile", .inputs = {op.value(0), op.value(1)}}); }

}  // namespace quern::tflite_ops
