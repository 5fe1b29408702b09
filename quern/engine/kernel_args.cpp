#include "quern/engine/kernel_args.h"

#include <variant>

#include "quern/engine/memory_plan.h"
#include "quern/runtime/depthwise.h"

namespace quern {
namespace {

const IntTensor& tensor_at(const IntModel& model, TensorIndex index) {
  return model.tensors[static_cast<std::size_t>(index)];
}

QuernTensor input_args(const IntModel& model, const IntOp& op) {
  return tensor_args(model, op.inputs[0]);
}

QuernTensor output_args(const IntModel& model, const IntOp& op) {
  return tensor_args(model, op.output);
}

/// Null for an empty vector, as optional parameters of kernels are.
template <class T>
const T* data_or_null(const std::vector<T>& values) {
  return values.empty() ? nullptr : values.data();
}

QuernRequantize requantize_args(const IntModel& model, const IntOp& op,
                                const Requantization& requantization) {
  return {
      .rounding = requantization.rounding,
      .zero_point = tensor_at(model, op.output).zero_point,
      .low = requantization.low,
      .high = requantization.high,
      .stride = requantization.multiplier.size() > 1 ? 1 : 0,
      .multiplier = data_or_null(requantization.multiplier),
      .shift = data_or_null(requantization.shift),
      .remainder = data_or_null(requantization.remainder),
      .highest = data_or_null(requantization.highest),
      .thresholds = data_or_null(requantization.thresholds),
  };
}

}  // namespace

QuernTensor tensor_args(const IntModel& model, TensorIndex tensor) {
  const IntTensor& shape = tensor_at(model, tensor);
  const Placement place = model.memory.tensors.empty()
                              ? tight_placement(shape)
                              : model.memory.tensors[static_cast<std::size_t>(tensor)];
  return {.height = shape.height,
          .width = shape.width,
          .channels = shape.channels,
          .bits = shape.bits,
          .pixel_bytes = place.pixel_bytes,
          .row_bytes = place.row_bytes,
          .rows = place.rows};
}

QuernConv conv_args(const IntModel& model, const IntOp& op) {
  const auto& conv = std::get<IntConv>(op.kind);
  return {
      .input = input_args(model, op),
      .output = output_args(model, op),
      .window = conv.window,
      .groups = conv.groups,
      .padding = conv.padding,
      .weights = {.bits = conv.weights.bits,
                  .depth = conv.weights.depth,
                  .words = words_of_pair(conv.weights.depth, conv.weights.bits),
                  .packed = conv.weights.words.data(),
                  .zero = data_or_null(conv.weights.zero)},
      .bias = conv.bias.data(),
      .requantize = requantize_args(model, op, conv.requantization),
  };
}

QuernPool max_pool_args(const IntModel& model, const IntOp& op) {
  return {.input = input_args(model, op),
          .output = output_args(model, op),
          .window = std::get<IntMaxPool>(op.kind).window};
}

QuernPool average_pool_args(const IntModel& model, const IntOp& op) {
  const auto& pool = std::get<IntAveragePool>(op.kind);
  return {.input = input_args(model, op),
          .output = output_args(model, op),
          .window = pool.window,
          .zero_point = tensor_at(model, op.inputs[0]).zero_point,
          .requantize = requantize_args(model, op, pool.requantization)};
}

QuernAdd add_args(const IntModel& model, const IntOp& op) {
  const auto& add = std::get<IntAdd>(op.kind);
  return {.a = tensor_args(model, op.inputs[0]),
          .b = tensor_args(model, op.inputs[1]),
          .output = output_args(model, op),
          .factor_a = add.factor_a,
          .factor_b = add.factor_b,
          .bias = add.bias,
          .requantize = requantize_args(model, op, add.requantization)};
}

QuernAffine affine_args(const IntModel& model, const IntOp& op) {
  const auto& affine = std::get<IntAffine>(op.kind);
  return {.input = input_args(model, op),
          .output = output_args(model, op),
          .factor = affine.factor.data(),
          .bias = affine.bias.data(),
          .requantize = requantize_args(model, op, affine.requantization)};
}

QuernLookup lookup_args(const IntModel& model, const IntOp& op) {
  const std::vector<std::uint8_t>& table = std::get<IntLookup>(op.kind).table;
  const std::size_t levels = std::size_t{1} << tensor_at(model, op.inputs[0]).bits;
  return {.input = input_args(model, op),
          .output = output_args(model, op),
          .stride = table.size() > levels ? static_cast<std::int32_t>(levels) : 0,
          .table = table.data()};
}

QuernConcat concat_args(const IntModel& model, const IntOp& op, std::size_t position) {
  std::int32_t channel = 0;
  for (std::size_t i = 0; i < position; ++i) channel += tensor_at(model, op.inputs[i]).channels;
  return {.input = tensor_args(model, op.inputs[position]),
          .output = output_args(model, op),
          .channel = channel};
}

QuernPad pad_args(const IntModel& model, const IntOp& op) {
  const auto& pad = std::get<IntPad>(op.kind);
  return {.input = input_args(model, op),
          .output = output_args(model, op),
          .top = pad.top,
          .left = pad.left,
          .value = pad.value};
}

QuernResize resize_args(const IntModel& model, const IntOp& op) {
  const auto& resize = std::get<IntResize>(op.kind);
  return {.input = input_args(model, op),
          .output = output_args(model, op),
          .row = resize.row.data(),
          .column = resize.column.data()};
}

bool is_depthwise(const IntModel& model, const IntOp& op) {
  const auto* conv = std::get_if<IntConv>(&op.kind);
  return conv != nullptr && conv->groups == tensor_at(model, op.inputs[0]).channels &&
         conv->groups == tensor_at(model, op.output).channels;
}

std::int64_t scratch_bytes(const IntModel& model, const IntOp& op) {
  if (!std::holds_alternative<IntConv>(op.kind)) return 0;
  const QuernConv conv = conv_args(model, op);
  return is_depthwise(model, op) ? quern_depthwise_scratch_bytes(&conv)
                                 : quern_conv_scratch_bytes(&conv);
}

}  // namespace quern
