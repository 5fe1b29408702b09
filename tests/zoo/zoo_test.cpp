#include "quern/zoo/zoo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

using test::expect_error;

TEST(Zoo, TheSeedDecidesTheWeights) {
  const ZooOptions small{.width = 0.25, .input = 16, .seed = 3};
  EXPECT_EQ(make_network("mobilenet_v2_mini", small), make_network("mobilenet_v2_mini", small));
  EXPECT_FALSE(make_network("mobilenet_v2_mini", small) ==
               make_network("mobilenet_v2_mini", {.width = 0.25, .input = 16, .seed = 4}));
}

TEST(Zoo, InputAndClassesCanBeChosen) {
  const Graph graph = make_network("mobilenet_v2_mini", {.input = 96, .classes = 7});
  EXPECT_EQ(to_string(*graph.value(graph.inputs()[0]).dims), "[N, 3, 96, 96]");
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[N, 7]");
  EXPECT_EQ(graph.preprocessing->crop, 96);
  EXPECT_EQ(graph.preprocessing->resize, 110);
}

TEST(Zoo, RefusesUnknownNetworksAndOptions) {
  expect_error(ErrorCode::kInvalidArgument,
               "the zoo has no network 'mobilnet_v2' (the nearest is 'mobilenet_v2')",
               [] { make_network("mobilnet_v2"); });
  expect_error(ErrorCode::kInvalidArgument, "width must be above 0",
               [] { make_network("mobilenet_v2", {.width = 0}); });
  expect_error(ErrorCode::kInvalidArgument, "input must be 8 to 4096 pixels, got 4",
               [] { make_network("mobilenet_v2", {.input = 4}); });
  expect_error(ErrorCode::kInvalidArgument, "classes must be 1 to 1000000, got 0",
               [] { make_network("mobilenet_v2", {.classes = 0}); });
}

TEST(Zoo, ReadsModelNames) {
  EXPECT_EQ(zoo_name("zoo:mobilenet_v2"), "mobilenet_v2");
  EXPECT_EQ(zoo_name("zoo.onnx"), std::nullopt);
}

}  // namespace
}  // namespace quern
