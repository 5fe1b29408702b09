#pragma once

#include "quern/engine/int_model.h"

namespace quern::internal {

// The order of fields in a file, once for writing and reading: an archive takes the fields of a
// struct and writes them, or overwrites them with what it reads.

template <class Archive>
void fields(Archive& archive, IntTensor& tensor) {
  archive(tensor.name, tensor.height, tensor.width, tensor.channels, tensor.bits, tensor.scale,
          tensor.zero_point, tensor.first_code);
}

template <class Archive>
void fields(Archive& archive, QuernWindow& window) {
  archive(window.height, window.width, window.stride_height, window.stride_width,
          window.dilation_height, window.dilation_width, window.top, window.left);
}

template <class Archive>
void fields(Archive& archive, Requantization& to) {
  archive(to.rounding, to.low, to.high, to.multiplier, to.shift, to.remainder, to.highest,
          to.thresholds);
}

template <class Archive>
void fields(Archive& archive, PackedWeights& weights) {
  archive(weights.bits, weights.channels, weights.groups, weights.depth, weights.words,
          weights.zero);
}

template <class Archive>
void fields(Archive& archive, IntConv& conv) {
  archive(conv.window, conv.groups, conv.padding, conv.weights, conv.weight_scale, conv.bias,
          conv.requantization);
}

template <class Archive>
void fields(Archive& archive, IntMaxPool& pool) {
  archive(pool.window);
}

template <class Archive>
void fields(Archive& archive, IntAveragePool& pool) {
  archive(pool.window, pool.requantization);
}

template <class Archive>
void fields(Archive& archive, IntAdd& add) {
  archive(add.factor_a, add.factor_b, add.bias, add.requantization);
}

template <class Archive>
void fields(Archive& archive, IntAffine& affine) {
  archive(affine.factor, affine.bias, affine.requantization);
}

template <class Archive>
void fields(Archive& archive, IntLookup& lookup) {
  archive(lookup.table);
}

template <class Archive>
void fields(Archive&, IntConcat&) {}

template <class Archive>
void fields(Archive& archive, IntPad& pad) {
  archive(pad.top, pad.left, pad.value);
}

template <class Archive>
void fields(Archive& archive, IntResize& resize) {
  archive(resize.row, resize.column);
}

template <class Archive>
void fields(Archive& archive, IntOp& op) {
  archive(op.layer, op.inputs, op.output, op.kind);
}

template <class Archive>
void fields(Archive& archive, IntInput& input) {
  archive(input.tensor, input.kind, input.bgr);
}

template <class Archive>
void fields(Archive& archive, IntStep& step) {
  archive(step.op, step.row_begin, step.row_end);
}

template <class Archive>
void fields(Archive& archive, Placement& place) {
  archive(place.offset, place.pixel_bytes, place.row_bytes, place.rows);
}

template <class Archive>
void fields(Archive& archive, MemoryPlan& memory) {
  archive(memory.arena_bytes, memory.tensors, memory.scratch);
}

template <class Archive>
void fields(Archive& archive, IntModel& model) {
  archive(model.tensors, model.ops, model.inputs, model.outputs, model.schedule, model.memory,
          model.provenance);
}

}  // namespace quern::internal
