// Pools, means, resizing and borders.
#include "quern/importers/pixel_sampling.h"
#include "quern/importers/tflite/ops.h"

namespace quern::tflite_ops {
namespace {

using Integers = std::vector<std::int64_t>;
using tflite::Padding;

void pool(TfliteOp& op, std::string_view name) {
  const auto options = op.options<tflite::Pool2DOptions>();
  TfliteOp::check(options.padding == Padding::SAME || options.padding == Padding::VALID,
                  "its padding is {}, expected SAME (0) or VALID (1)",
                  static_cast<int>(options.padding));
  // As in TFLite, a mean counts the elements of the image only.
  op.finish({.op = name,
             .inputs = {op.image(0)},
             .attributes = {{"auto_pad", std::string(options.padding == Padding::SAME ? "SAME_UPPER"
                                                                                      : "VALID")},
                            {"kernel_shape", Integers{options.filter_height, options.filter_width}},
                            {"strides", Integers{options.stride_h, options.stride_w}}},
             .activation = options.fused_activation_function,
             .is_image = true});
}

void resize(TfliteOp& op, const PixelSampling& sampling) {
  TfliteOp::check(!(sampling.align_corners && sampling.half_pixel_centers),
                  "it aligns both corners and centers of pixels");
  const Integers extents = op.integers(1);
  TfliteOp::check(extents.size() == 2, "it has {} extents, expected height and width",
                  extents.size());
  const ValueId image = op.image(0);
  if (const auto pixels = pixels_apart(sampling, {op.dims(0)[1], op.dims(0)[2]}, extents)) {
    const ValueId rows =
        op.emit("Gather", {image, op.constant((*pixels)[0])}, {{"axis", std::int64_t{2}}});
    return op.finish({.op = "Gather",
                      .inputs = {rows, op.constant((*pixels)[1])},
                      .attributes = {{"axis", std::int64_t{3}}},
                      .is_image = true});
  }
  // Batch and channels as they come.
  const ValueId kept = op.emit("Shape", {image}, {{"end", std::int64_t{2}}});
  const ValueId sizes =
      op.emit("Concat", {kept, op.constant(extents)}, {{"axis", std::int64_t{0}}});
  op.finish({.op = "Resize",
             .inputs = {image, ValueId{}, ValueId{}, sizes},
             .attributes = resize_attributes(sampling),
             .is_image = true});
}

/// TFLite's pairs [before, after] of each axis as ONNX's list, all befores first.
Integers border(TfliteOp& op) {
  const Integers pairs = op.integers(1);
  const std::size_t rank = op.dims(0).size();
  TfliteOp::check(pairs.size() == 2 * rank, "it has {} paddings for an input of shape {}",
                  pairs.size(), to_string(op.dims(0)));
  Integers pads(2 * rank);
  for (std::size_t i = 0; i < rank; ++i) {
    TfliteOp::check(pairs[2 * i] >= 0 && pairs[2 * i + 1] >= 0,
                    "it pads by [{}, {}], expected 0 or more", pairs[2 * i], pairs[2 * i + 1]);
    pads[i] = pairs[2 * i];
    pads[rank + i] = pairs[2 * i + 1];
  }
  return pads;
}

}  // namespace

void average_pool_2d(TfliteOp& op) { pool(op, "AveragePool"); }

void max_pool_2d(TfliteOp& op) { pool(op, "MaxPool"); }

void mean(TfliteOp& op) {
  const auto options = op.options<tflite::ReducerOptions>();
  op.finish({.op = "ReduceMean",
             .inputs = {op.value(0)},
             .attributes = {{"axes", op.integers(1)},
                            {"keepdims", std::int64_t{options.keep_dims ? 1 : 0}}}});
}

void resize_bilinear(TfliteOp& op) {
  const auto options = op.options<tflite::ResizeBilinearOptions>();
  resize(op, {false, options.align_corners, options.half_pixel_centers});
}

void resize_nearest_neighbor(TfliteOp& op) {
  const auto options = op.options<tflite::ResizeNearestNeighborOptions>();
  resize(op, {true, options.align_corners, options.half_pixel_centers});
}

void pad(TfliteOp& op) {
  std::vector<ValueId> inputs = {op.value(0), op.constant(border(op))};
  if (op.has_input(2)) inputs.push_back(op.number(2));
  op.finish({.op = "Pad", .inputs = inputs});
}

void mirror_pad(TfliteOp& op) {
  const auto options = op.options<tflite::MirrorPadOptions>();
  TfliteOp::check_supported(options.mode == tflite::MirrorPadMode::REFLECT,
                            "it repeats the edge (mode {}; supported: REFLECT, which does not)",
                            static_cast<int>(options.mode));
  op.finish({.op = "Pad",
             .inputs = {op.value(0), op.constant(border(op))},
             .attributes = {{"mode", std::string("reflect")}}});
}

}  // namespace quern::tflite_ops
