#include "tests/support/tflite_shape_cases.h"

namespace quern::test {

using tflite::BuiltinOperator;
using tflite::TensorType;

void reshape(TfliteCase& c) {
  const Shape32 shape = c.image(1, 5);
  const int x = c.input(shape);
  const Shape32 targets[] = {{1, -1}, {shape[1], 1, -1}, {1, shape[2], shape[1], shape[3]}};
  const Shape32& target = targets[c.pick(0, 2)];
  const int y = c.output(c.grid_of(x));
  c.file.op(BuiltinOperator::RESHAPE, {x, c.file.integers("target", target)}, {y},
            tflite::ReshapeOptionsT{{}, target});
}

void squeeze(TfliteCase& c) {
  const int x = c.input({1, c.pick(2, 4), 1, c.pick(1, 3)});
  const int y = c.output(c.grid_of(x));
  const std::vector<std::int32_t> axes = c.maybe() ? Shape32{2} : Shape32{0, -2};
  c.file.op(BuiltinOperator::SQUEEZE, {x}, {y}, tflite::SqueezeOptionsT{{}, axes});
}

void expand_dims(TfliteCase& c) {
  const int x = c.input({c.pick(1, 4), c.pick(1, 4)});
  c.file.op(BuiltinOperator::EXPAND_DIMS, {x, c.file.integers("axis", {c.pick(-3, 2)})},
            {c.output(c.grid_of(x))});
}

void transpose(TfliteCase& c) {
  const int x = c.input(c.image(1, 5));
  const std::vector<std::int32_t> orders[] = {{0, 3, 1, 2}, {0, 2, 1, 3}, {3, 2, 1, 0}};
  c.file.op(BuiltinOperator::TRANSPOSE, {x, c.file.integers("order", orders[c.pick(0, 2)])},
            {c.output(c.grid_of(x))});
}

void concatenation(TfliteCase& c) {
  Shape32 shape = c.image(1, 4);
  tflite::ConcatenationOptionsT options;
  options.axis = c.pick(-3, 3);
  const std::size_t axis = static_cast<std::size_t>((options.axis + 4) % 4);
  const FileGrid grid = c.any_grid();
  std::vector<int> inputs;
  for (int i = 0; i < 3; ++i) {
    shape[axis] = c.pick(1, 4);
    inputs.push_back(c.input(shape, grid));
  }
  c.file.op(BuiltinOperator::CONCATENATION, inputs, {c.output(grid)}, options);
}

void split(TfliteCase& c) {
  Shape32 shape = c.image(1, 4);
  const int axis = c.pick(-3, 3);
  const int parts = c.pick(1, 3);
  shape[static_cast<std::size_t>((axis + 4) % 4)] = parts * c.pick(1, 3);
  const int x = c.input(shape);
  std::vector<int> outputs;
  for (int i = 0; i < parts; ++i) outputs.push_back(c.output(c.grid_of(x)));
  const int at = c.file.constant<std::int32_t>("axis", TensorType::INT32, {}, {axis});
  c.file.op(BuiltinOperator::SPLIT, {at, x}, outputs, tflite::SplitOptionsT{{}, parts});
}

void split_v(TfliteCase& c) {
  const int x = c.input({1, 2, 5, 3});
  const int sizes = c.file.integers("sizes", {1, 4});
  const int at = c.file.constant<std::int32_t>("axis", TensorType::INT32, {}, {2});
  const int first = c.output(c.grid_of(x));
  c.file.op(BuiltinOperator::SPLIT_V, {x, sizes, at}, {first, c.output(c.grid_of(x))},
            tflite::SplitVOptionsT{{}, 2});
}

void pack(TfliteCase& c) {
  const Shape32 shape = {c.pick(1, 3), c.pick(1, 3), c.pick(1, 3)};
  const FileGrid grid = c.any_grid();
  const int first = c.input(shape, grid);
  const int second = c.input(shape, grid);
  c.file.op(BuiltinOperator::PACK, {first, second}, {c.output(grid)},
            tflite::PackOptionsT{{}, 2, c.pick(-4, 3)});
}

void unpack(TfliteCase& c) {
  const int x = c.input({2, 2, 2});
  const int first = c.output(c.grid_of(x));
  c.file.op(BuiltinOperator::UNPACK, {x}, {first, c.output(c.grid_of(x))},
            tflite::UnpackOptionsT{{}, 2, c.pick(-3, 2)});
}

void slice(TfliteCase& c) {
  const int x = c.input({1, 4, 5, 3});
  const int begin = c.file.integers("begin", {0, c.pick(0, 2), c.pick(0, 3), c.pick(0, 1)});
  const int size = c.file.integers("size", {1, -1, c.pick(1, 2), 2});
  c.file.op(BuiltinOperator::SLICE, {x, begin, size}, {c.output(c.grid_of(x))});
}

void strided_slice(TfliteCase& c) {
  const int x = c.input({1, 6, 5, 3});
  tflite::StridedSliceOptionsT options;
  options.begin_mask = c.pick(0, 15);
  options.end_mask = c.pick(0, 15);
  options.shrink_axis_mask = c.pick(0, 3) == 3 ? 8 : 0;
  const int backwards = c.pick(0, 1);
  const int begin = c.file.integers("begin", {0, backwards ? 5 : 1, c.pick(-5, 1), c.pick(-3, 0)});
  const int end = c.file.integers("end", {1, backwards ? 0 : 5, 5, 3});
  const int step = c.file.integers("step", {1, backwards ? -c.pick(1, 2) : c.pick(1, 3), 2, 1});
  c.file.op(BuiltinOperator::STRIDED_SLICE, {x, begin, end, step}, {c.output(c.grid_of(x))},
            options);
}

void gather(TfliteCase& c) {
  const int x = c.input({1, 4, 5, 3});
  const int indices = c.file.integers("indices", {c.pick(0, 2), 1, c.pick(0, 2)});
  c.file.op(BuiltinOperator::GATHER, {x, indices}, {c.output(c.grid_of(x))},
            tflite::GatherOptionsT{{}, c.pick(1, 3), 0});
}

void tile(TfliteCase& c) {
  const int x = c.input(c.image(1, 5));
  const int copies = c.file.integers("copies", {1, c.pick(1, 3), c.pick(1, 3), c.pick(1, 2)});
  c.file.op(BuiltinOperator::TILE, {x, copies}, {c.output(c.grid_of(x))});
}

/// [N, H, W, C] reshaped to [N, rest] by a target that is computed from the input's shape.
void computed_shape(TfliteCase& c) {
  const int x = c.input(c.image(1, 5));
  const int shape = c.file.add("shape", TensorType::INT32, {4});
  c.file.op(BuiltinOperator::SHAPE, {x}, {shape}, tflite::ShapeOptionsT{{}, TensorType::INT32});
  const int begin = c.file.integers("begin", {0});
  const int end = c.file.integers("end", {1});
  const int step = c.file.integers("step", {1});
  const int batch = c.file.add("batch", TensorType::INT32, {});
  tflite::StridedSliceOptionsT first;
  first.shrink_axis_mask = 1;
  c.file.op(BuiltinOperator::STRIDED_SLICE, {shape, begin, end, step}, {batch}, first);
  const int rest = c.file.constant<std::int32_t>("rest", TensorType::INT32, {}, {-1});
  const int target = c.file.add("target", TensorType::INT32, {2});
  c.file.op(BuiltinOperator::PACK, {batch, rest}, {target}, tflite::PackOptionsT{{}, 2, 0});
  c.file.op(BuiltinOperator::RESHAPE, {x, target}, {c.output(c.grid_of(x))},
            tflite::ReshapeOptionsT());
}

}  // namespace quern::test
