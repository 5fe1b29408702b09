#include <gmock/gmock.h>

#include "quern/importers/tflite.h"
#include "tests/support/expect_error.h"
#include "tests/support/tflite_model.h"

// The ops of quern/importers/tflite/shapes.cpp.

namespace quern {
namespace {

using test::expect_error;
using test::TfliteFile;
using tflite::BuiltinOperator;
using tflite::TensorType;
using Integers = std::vector<std::int32_t>;

Graph imported(const TfliteFile& file) { return import_tflite(file.bytes(), "a"); }

/// x [1, 4, 6, 2] → op with these lists of integers as its other inputs.
template <class... Options>
TfliteFile with_lists(BuiltinOperator op, const std::vector<Integers>& lists, Options... options) {
  TfliteFile file;
  std::vector<int> inputs = {file.input("x", TensorType::FLOAT32, {1, 4, 6, 2})};
  for (const Integers& list : lists) inputs.push_back(file.integers("list", list));
  file.op(op, inputs, {file.output("y", TensorType::FLOAT32, {})}, options...);
  return file;
}

std::string shape_of(const TfliteFile& file) {
  const Graph graph = imported(file);
  return to_string(*graph.value(graph.outputs().at(0)).dims);
}

TEST(Reshape, ReadsItsTargetFromTheInputOrTheOptions) {
  EXPECT_EQ(shape_of(with_lists(BuiltinOperator::RESHAPE, {{-1, 8}})), "[6, 8]");
  EXPECT_EQ(shape_of(with_lists(BuiltinOperator::RESHAPE, {}, tflite::ReshapeOptionsT{{}, {8, 6}})),
            "[8, 6]");
  expect_error(ErrorCode::kParse, "it reshapes to the extent 0", [] {
    imported(with_lists(BuiltinOperator::RESHAPE, {{0, 48}}));
  });
  expect_error(ErrorCode::kParse, "at most 8 exist", [] {
    imported(with_lists(BuiltinOperator::RESHAPE, {},
                        tflite::ReshapeOptionsT{{}, {48, 1, 1, 1, 1, 1, 1, 1, 1}}));
  });
}

TEST(Squeeze, DropsTheAxesNamedOrAllOfOne) {
  EXPECT_EQ(shape_of(with_lists(BuiltinOperator::SQUEEZE, {}, tflite::SqueezeOptionsT{{}, {0}})),
            "[4, 6, 2]");
  EXPECT_EQ(shape_of(with_lists(BuiltinOperator::SQUEEZE, {})), "[4, 6, 2]");
}

TEST(ExpandDims, AddsAnAxis) {
  EXPECT_EQ(shape_of(with_lists(BuiltinOperator::EXPAND_DIMS, {{-1}})), "[1, 4, 6, 2, 1]");
}

TEST(Transpose, OrdersAxesAsTheFileSays) {
  EXPECT_EQ(shape_of(with_lists(BuiltinOperator::TRANSPOSE, {{0, 3, 1, 2}})), "[1, 2, 4, 6]");
}

TEST(Slice, TakesARestOrSoManyElements) {
  EXPECT_EQ(shape_of(with_lists(BuiltinOperator::SLICE, {{0, 1, 2, 0}, {-1, 2, -1, 1}})),
            "[1, 2, 4, 1]");
  expect_error(ErrorCode::kParse, "it takes -2 elements", [] {
    imported(with_lists(BuiltinOperator::SLICE, {{0}, {-2}}));
  });
  expect_error(ErrorCode::kParse, "it has 2 begins and 1 sizes", [] {
    imported(with_lists(BuiltinOperator::SLICE, {{0, 0}, {1}}));
  });
}

TEST(StridedSlice, ObeysItsMasks) {
  tflite::StridedSliceOptionsT options;
  options.begin_mask = 0b0010;
  options.end_mask = 0b0110;
  options.shrink_axis_mask = 0b1000;
  EXPECT_EQ(shape_of(with_lists(BuiltinOperator::STRIDED_SLICE,
                                {{0, 3, 1, -1}, {1, 0, 0, 0}, {1, 2, 3, 1}}, options)),
            "[1, 2, 2]");
}

TEST(StridedSlice, RefusesAxesThatItAddsAndListsThatDisagree) {
  tflite::StridedSliceOptionsT options;
  options.new_axis_mask = 1;
  expect_error(ErrorCode::kUnsupported, "it adds axes", [&] {
    imported(with_lists(BuiltinOperator::STRIDED_SLICE, {{0}, {1}, {1}}, options));
  });
  expect_error(ErrorCode::kParse, "it has 1 begins, 2 ends and 1 steps", [&] {
    imported(with_lists(BuiltinOperator::STRIDED_SLICE, {{0}, {1, 1}, {1}},
                        tflite::StridedSliceOptionsT()));
  });
}

TEST(Gather, RefusesBatches) {
  EXPECT_EQ(
      shape_of(with_lists(BuiltinOperator::GATHER, {{2, 0, 1}}, tflite::GatherOptionsT{{}, 1, 0})),
      "[1, 3, 6, 2]");
  expect_error(ErrorCode::kUnsupported, "it has 1 batch axes", [] {
    imported(with_lists(BuiltinOperator::GATHER, {{0}}, tflite::GatherOptionsT{{}, 1, 1}));
  });
}

TEST(Tile, LaysCopiesSideBySide) {
  EXPECT_EQ(shape_of(with_lists(BuiltinOperator::TILE, {{1, 2, 1, 3}})), "[1, 8, 6, 6]");
}

TEST(Split, RefusesAnAxisThatIsNoNumber) {
  TfliteFile file;
  const int x = file.input("x", TensorType::FLOAT32, {1, 4});
  const int axis = file.integers("axis", {1, 1});
  file.op(BuiltinOperator::SPLIT, {axis, x}, {file.output("y", TensorType::FLOAT32, {})},
          tflite::SplitOptionsT{{}, 1});
  expect_error(ErrorCode::kParse, "its input 0 has 2 elements", [&] { imported(file); });
}

TEST(Shapes, RefuseListsThatAreComputedOrReal) {
  TfliteFile file = with_lists(BuiltinOperator::TRANSPOSE, {{0, 1, 2, 3}});
  file.tensor(1).type = TensorType::FLOAT32;
  expect_error(ErrorCode::kParse, "'list' does not hold whole numbers", [&] { imported(file); });
  file.tensor(1).buffer = 0;
  expect_error(ErrorCode::kUnsupported, "'list', which is computed", [&] { imported(file); });
}

}  // namespace
}  // namespace quern
