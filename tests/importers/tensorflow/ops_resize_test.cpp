#include <gtest/gtest.h>

#include "quern/importers/tensorflow/ops.h"
#include "tests/support/expect_error.h"
#include "tests/support/tensorflow_graph.h"

namespace quern::tensorflow {
namespace {

using test::only;
using test::output_dims;
using test::read_by;
using test::TensorflowGraph;
using Integers = std::vector<std::int64_t>;

TensorflowGraph resize(const std::string& op, const std::vector<std::int32_t>& size) {
  TensorflowGraph file;
  file.input("x", {-1, 4, 6, 3});
  file.integers("size", size);
  file.node(op, "y", {"x", "size"});
  return file;
}

std::string word(const Node& node, const std::string& key) {
  return std::get<std::string>(node.attributes.at(key));
}

TEST(TensorflowOpsResize, WritesWholeFactorsAsScales) {
  const Graph graph = resize("ResizeNearestNeighbor", {8, 18}).import();
  const Node& node = only(graph, "Resize");
  EXPECT_EQ(*read_by(graph, node, 2).constant, Tensor::of<float>({4}, {1, 1, 2, 3}));
  EXPECT_EQ(word(node, "mode"), "nearest");
  EXPECT_EQ(word(node, "coordinate_transformation_mode"), "asymmetric");
  EXPECT_EQ(word(node, "nearest_mode"), "floor");
}

TEST(TensorflowOpsResize, WritesOtherSizesAsSizes) {
  const Graph graph = resize("ResizeBilinear", {5, 3}).import();
  EXPECT_EQ(to_string(output_dims(graph)), "[N, 5, 3, 3]");
  EXPECT_EQ(word(only(graph, "Resize"), "mode"), "linear");
}

TEST(TensorflowOpsResize, KnowsWherePixelsLie) {
  TensorflowGraph file = resize("ResizeNearestNeighbor", {8, 12});
  TensorflowGraph::attribute(file.proto.mutable_node(2), "half_pixel_centers").set_b(true);
  Graph graph = file.import();
  EXPECT_EQ(word(only(graph, "Resize"), "coordinate_transformation_mode"), "half_pixel");
  EXPECT_EQ(word(only(graph, "Resize"), "nearest_mode"), "round_prefer_ceil");
  TensorflowGraph::attribute(file.proto.mutable_node(2), "align_corners").set_b(true);
  test::expect_error(ErrorCode::kParse, "layer 'y' (ResizeNearestNeighbor): it aligns both",
                     [&] { file.import(); });
  TensorflowGraph::attribute(file.proto.mutable_node(2), "half_pixel_centers").set_b(false);
  graph = file.import();
  EXPECT_EQ(word(only(graph, "Resize"), "coordinate_transformation_mode"), "align_corners");
}

TEST(TensorflowOpsResize, NamesThePixelsThatAResizeWouldMiss) {
  TensorflowGraph file;
  file.input("x", {-1, 14, 6, 3});
  file.integers("size", {2, 6});
  file.node("ResizeNearestNeighbor", "y", {"x", "size"});
  EXPECT_EQ(to_string(output_dims(file.import())), "[N, 2, 6, 3]");
  const Graph graph = file.import();
  const std::vector<NodeId> gathers = graph.nodes_of("Gather");
  ASSERT_EQ(gathers.size(), 2);
  EXPECT_EQ(*read_by(graph, graph.node(gathers[0]), 1).constant,
            Tensor::of<std::int64_t>({2}, {0, 7}));
  EXPECT_EQ(*read_by(graph, graph.node(gathers[1]), 1).constant,
            Tensor::of<std::int64_t>({6}, {0, 1, 2, 3, 4, 5}));
}

TEST(TensorflowOpsResize, RefusesAnImpossibleSize) {
  test::expect_error(ErrorCode::kParse, "layer 'y' (ResizeBilinear): the new size", [] {
    resize("ResizeBilinear", {0, 3}).import();
  });
  test::expect_error(ErrorCode::kParse, "the new size has 3 elements", [] {
    resize("ResizeBilinear", {1, 2, 3}).import();
  });
}

TEST(TensorflowOpsResize, ReadsCopiesSideBySide) {
  TensorflowGraph file;
  file.input("x", {-1, 4, 6, 3});
  file.integers("copies", {1, 1, 2, 3});
  file.node("Tile", "y", {"x", "copies"});
  EXPECT_EQ(to_string(output_dims(file.import())), "[N, 4, 12, 9]");
}

}  // namespace
}  // namespace quern::tensorflow
