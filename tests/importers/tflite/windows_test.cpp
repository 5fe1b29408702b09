#include <gmock/gmock.h>

#include "quern/importers/tflite.h"
#include "tests/support/expect_error.h"
#include "tests/support/tflite_model.h"

// The ops of quern/importers/tflite/windows.cpp.

namespace quern {
namespace {

using test::expect_error;
using test::TfliteFile;
using tflite::BuiltinOperator;
using tflite::TensorType;
using Integers = std::vector<std::int64_t>;

Graph imported(const TfliteFile& file) { return import_tflite(file.bytes(), "a"); }

std::string shape_of(const Graph& graph) {
  return to_string(*graph.value(graph.outputs().at(0)).dims);
}

/// x [1, 4, 6, 2] and one list of integers.
struct WithList {
  TfliteFile file;
  int x = file.input("x", TensorType::FLOAT32, {1, 4, 6, 2});
  int list;
  int y = file.output("y", TensorType::FLOAT32, {1, 1, 1, 1});

  explicit WithList(const std::vector<std::int32_t>& values) : list(file.integers("n", values)) {}
};

TEST(MaxPool2d, TakesItsWindowFromTheOptions) {
  TfliteFile file;
  const int x = file.input("x", TensorType::FLOAT32, {1, 5, 6, 2});
  tflite::Pool2DOptionsT options;
  options.stride_h = 1;
  options.stride_w = 2;
  options.filter_height = 2;
  options.filter_width = 3;
  file.op(BuiltinOperator::MAX_POOL_2D, {x}, {file.output("y", TensorType::FLOAT32, {})}, options);
  EXPECT_EQ(shape_of(imported(file)), "[1, 5, 3, 2]");
  file.graph().operators[0]->builtin_options.AsPool2DOptions()->padding =
      static_cast<tflite::Padding>(3);
  expect_error(ErrorCode::kParse, "its padding is 3", [&] { imported(file); });
}

TEST(Mean, RunsOverTheAxesOfTheFile) {
  WithList mean({1, 2});
  mean.file.op(BuiltinOperator::MEAN, {mean.x, mean.list}, {mean.y}, tflite::ReducerOptionsT());
  EXPECT_EQ(shape_of(imported(mean.file)), "[1, 2]");
  mean.file.graph().operators[0]->builtin_options.AsReducerOptions()->keep_dims = true;
  EXPECT_EQ(shape_of(imported(mean.file)), "[1, 1, 1, 2]");
}

TEST(Resize, SaysInOnnxsWordsWhatIsAligned) {
  struct Case {
    bool corners, centers;
    std::string coordinates, nearest;
  };
  const Case cases[] = {{false, false, "asymmetric", "floor"},
                        {true, false, "align_corners", "round_prefer_ceil"},
                        {false, true, "half_pixel", "round_prefer_ceil"}};
  for (const Case& expected : cases) {
    WithList resize({8, 3});
    tflite::ResizeNearestNeighborOptionsT options;
    options.align_corners = expected.corners;
    options.half_pixel_centers = expected.centers;
    resize.file.op(BuiltinOperator::RESIZE_NEAREST_NEIGHBOR, {resize.x, resize.list}, {resize.y},
                   options);
    const Graph graph = imported(resize.file);
    EXPECT_EQ(shape_of(graph), "[1, 8, 3, 2]");
    const auto& attributes = graph.node(graph.nodes_of("Resize").at(0)).attributes;
    EXPECT_EQ(std::get<std::string>(attributes.at("coordinate_transformation_mode")),
              expected.coordinates);
    EXPECT_EQ(std::get<std::string>(attributes.at("nearest_mode")), expected.nearest);
    EXPECT_EQ(std::get<std::string>(attributes.at("mode")), "nearest");
  }
}

TEST(Resize, RefusesOptionsThatContradictEachOther) {
  WithList resize({8, 3});
  tflite::ResizeBilinearOptionsT options;
  options.align_corners = options.half_pixel_centers = true;
  resize.file.op(BuiltinOperator::RESIZE_BILINEAR, {resize.x, resize.list}, {resize.y}, options);
  expect_error(ErrorCode::kParse, "it aligns both", [&] { imported(resize.file); });
  WithList three({8, 3, 1});
  three.file.op(BuiltinOperator::RESIZE_BILINEAR, {three.x, three.list}, {three.y},
                tflite::ResizeBilinearOptionsT());
  expect_error(ErrorCode::kParse, "it has 3 extents", [&] { imported(three.file); });
}

TEST(Pad, PutsAllBeginningsFirst) {
  WithList pad({0, 0, 1, 2, 3, 0, 0, 1});
  pad.file.op(BuiltinOperator::PAD, {pad.x, pad.list}, {pad.y});
  const Graph graph = imported(pad.file);
  EXPECT_EQ(shape_of(graph), "[1, 7, 9, 3]");
  const Node& node = graph.node(graph.nodes_of("Pad").at(0));
  EXPECT_EQ(*graph.value(node.inputs[1]).constant,
            Tensor::of<std::int64_t>({8}, {0, 1, 3, 0, 0, 2, 0, 1}));
}

TEST(Pad, ReadsItsBorder) {
  WithList pad({0, 0, 1, 1, 1, 1, 0, 0});
  const int border = pad.file.floats("border", {1}, {-2.5F});
  pad.file.op(BuiltinOperator::PADV2, {pad.x, pad.list, border}, {pad.y});
  const Graph graph = imported(pad.file);
  const Node& node = graph.node(graph.nodes_of("Pad").at(0));
  EXPECT_EQ(*graph.value(node.inputs[2]).constant, Tensor::scalar(-2.5F));
}

TEST(Pad, RefusesPaddingsThatAreNone) {
  for (const auto& [list, part] :
       {std::pair(std::vector<std::int32_t>{1, 1}, "it has 2 paddings"),
        std::pair(std::vector<std::int32_t>{0, 0, -1, 0, 0, 0, 0, 0}, "it pads by [-1, 0]")}) {
    WithList pad(list);
    pad.file.op(BuiltinOperator::PAD, {pad.x, pad.list}, {pad.y});
    expect_error(ErrorCode::kParse, part, [&] { imported(pad.file); });
  }
}

TEST(MirrorPad, ReflectsWithoutTheEdge) {
  WithList pad({0, 0, 1, 1, 1, 1, 0, 0});
  tflite::MirrorPadOptionsT options;
  pad.file.op(BuiltinOperator::MIRROR_PAD, {pad.x, pad.list}, {pad.y}, options);
  const Graph graph = imported(pad.file);
  const Node& node = graph.node(graph.nodes_of("Pad").at(0));
  EXPECT_EQ(std::get<std::string>(node.attributes.at("mode")), "reflect");
  pad.file.graph().operators[0]->builtin_options.AsMirrorPadOptions()->mode =
      tflite::MirrorPadMode::SYMMETRIC;
  expect_error(ErrorCode::kUnsupported, "it repeats the edge", [&] { imported(pad.file); });
}

}  // namespace
}  // namespace quern
