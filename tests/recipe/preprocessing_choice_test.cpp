#include "quern/recipe/preprocessing_choice.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

Graph model(std::int64_t channels, std::int64_t side) {
  Graph graph;
  graph.add_output(graph.add_input(
      "x", DType::kFloat32,
      {{-1, "N"}, {channels, ""}, {side, side < 0 ? "H" : ""}, {side, side < 0 ? "W" : ""}}));
  return graph;
}

TEST(PreprocessingChoice, WithoutOneTheDefaultIsImageNets) {
  EXPECT_EQ(resolve({}, model(3, 224)), Preprocessing{});
  EXPECT_EQ(resolve({}, model(3, -1)), Preprocessing{});
}

TEST(PreprocessingChoice, CropFollowsTheModelsInput) {
  const Preprocessing how = resolve({}, model(3, 112));
  EXPECT_EQ(how.crop, 112);
  EXPECT_EQ(how.resize, 128);
  EXPECT_EQ(resolve({}, model(3, 64)).resize, 64);  // Small pictures are taken whole.
  testing::internal::CaptureStderr();
  EXPECT_EQ(resolve({.resize = 0}, model(3, 32)).resize, std::nullopt);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("reads, as decoded\n"));
}

TEST(PreprocessingChoice, StandsAboveWhatTheModelRecorded) {
  Graph graph = model(3, 32);
  graph.preprocessing = Preprocessing{.resize = std::nullopt, .crop = 32, .scale = 1.0};
  EXPECT_EQ(resolve({}, graph), *graph.preprocessing);
  const Preprocessing how = resolve({.resize = 40, .stretch = true, .bgr = true}, graph);
  EXPECT_EQ(how.resize, 40);
  EXPECT_TRUE(how.stretch);
  graph.preprocessing = how;
  EXPECT_TRUE(resolve({}, graph).stretch);
  EXPECT_FALSE(resolve({.resize = 0}, graph).stretch);  // Nothing is resized, so nothing stretched.
  EXPECT_EQ(how.scale, 1.0);
  EXPECT_TRUE(how.bgr);
}

TEST(PreprocessingChoice, RefusesWhatTheModelCannotRead) {
  expect_error(ErrorCode::kInvalidArgument, "reads pictures of 224 pixels, crop is 96",
               [] { resolve({.crop = 96}, model(3, 224)); });
  expect_error(ErrorCode::kUnsupported, "'x' is float32 [N, 1, 28, 28]",
               [] { resolve({}, model(1, 28)); });
  const auto sides = [](std::int64_t height, std::int64_t width) {
    Graph graph;
    graph.add_output(
        graph.add_input("x", DType::kFloat32, {{-1, "N"}, {3, ""}, {height, ""}, {width, ""}}));
    return graph;
  };
  expect_error(ErrorCode::kUnsupported, "input 'x' is [N, 3, 24, 32]: pictures have to be square",
               [&] { resolve({}, sides(24, 32)); });
  expect_error(ErrorCode::kUnsupported, "'x' is [N, 3, 0, 8]: extents of pictures have to be",
               [&] { resolve({}, sides(0, 8)); });
  expect_error(ErrorCode::kUnsupported, "has 0 inputs", [] { resolve({}, Graph()); });
}

TEST(PreprocessingChoice, RefusesValuesOutsideTheirDomain) {
  const Graph graph = model(3, -1);
  expect_error(ErrorCode::kInvalidArgument, "crop must be above 0, got -3",
               [&] { resolve({.crop = -3}, graph); });
  expect_error(ErrorCode::kInvalidArgument, "std must be above 0, got 0", [&] {
    resolve({.std = std::array<double, 3>{1, 0, 1}}, graph);
  });
  expect_error(ErrorCode::kInvalidArgument, "central_crop must be above 0 and at most 1, got 1.5",
               [&] { resolve({.central_crop = 1.5}, graph); });
  expect_error(ErrorCode::kInvalidArgument, "stretch needs a side to resize to, resize is none",
               [&] { resolve({.resize = 0, .stretch = true}, graph); });
}

}  // namespace
}  // namespace quern
