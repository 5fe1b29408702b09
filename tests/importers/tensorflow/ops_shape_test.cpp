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

TEST(TensorflowOpsShape, FollowsAShapeToItsReshape) {
  TensorflowGraph file;
  file.input("x", {-1, 2, 2, 3});
  file.node("Shape", "shape", {"x"});
  file.integers("first", {0});
  file.integers("second", {1});
  auto* slice = file.node("StridedSlice", "batch", {"shape", "first", "second", "second"});
  TensorflowGraph::attribute(slice, "shrink_axis_mask").set_i(1);
  file.integer("rest", -1);
  file.node("Pack", "target", {"batch", "rest"});
  file.node("Reshape", "y", {"x", "target"});
  EXPECT_EQ(to_string(output_dims(file.import())), "[N, 12]");
}

TEST(TensorflowOpsShape, MultipliesExtents) {
  TensorflowGraph file;
  file.input("x", {-1, 2, 2, 3});
  file.node("Shape", "shape", {"x"});
  file.integers("from", {1});
  file.integers("count", {3});
  file.integer("zero", 0);
  file.integers("any", {-1});
  file.node("Slice", "extents", {"shape", "from", "count"});
  auto* product = file.node("Prod", "product", {"extents", "zero"});
  TensorflowGraph::attribute(product, "keep_dims").set_b(true);
  file.node("ConcatV2", "target", {"any", "product", "zero"});
  file.node("Reshape", "y", {"x", "target"});
  EXPECT_EQ(to_string(output_dims(file.import())), "[N, 12]");
}

TEST(TensorflowOpsShape, RefusesAReshapeToNothing) {
  TensorflowGraph file;
  file.input("x", {-1, 4});
  file.integers("target", {0, 4});
  file.node("Reshape", "y", {"x", "target"});
  test::expect_error(ErrorCode::kParse, "layer 'y' (Reshape): the new shape has an extent of 0",
                     [&] { file.import(); });
}

TEST(TensorflowOpsShape, AddsAndRemovesAxes) {
  TensorflowGraph file;
  file.input("x", {2, 1, 1, 3});
  TensorflowGraph::ints(file.node("Squeeze", "squeezed", {"x"}), "squeeze_dims", {1, 2});
  file.integer("axis", -1);
  file.node("ExpandDims", "y", {"squeezed", "axis"});
  EXPECT_EQ(to_string(output_dims(file.import())), "[2, 3, 1]");
}

TEST(TensorflowOpsShape, Transposes) {
  TensorflowGraph file;
  file.input("x", {2, 4, 5, 3});
  file.integers("perm", {0, 3, 1, 2});
  file.node("Transpose", "y", {"x", "perm"});
  EXPECT_EQ(to_string(output_dims(file.import())), "[2, 3, 4, 5]");
}

TEST(TensorflowOpsShape, Joins) {
  TensorflowGraph file;
  file.input("x", {2, 4, 5, 3});
  file.integer("axis", -1);
  file.node("ConcatV2", "a", {"x", "x", "axis"});
  file.node("Concat", "y", {"axis", "a", "x"});
  EXPECT_EQ(to_string(output_dims(file.import())), "[2, 4, 5, 9]");
}

TEST(TensorflowOpsShape, Pads) {
  TensorflowGraph file;
  file.input("x", {2, 4, 5, 3});
  auto* pads = file.constant("pads", DT_INT32, {4, 2});
  for (const int pad : {0, 0, 1, 2, 3, 0, 0, 0}) pads->add_int_val(pad);
  file.floats("value", {}, {0.5F});
  file.node("PadV2", "padded", {"x", "pads", "value"});
  TensorflowGraph::text(file.node("MirrorPad", "y", {"padded", "pads"}), "mode", "REFLECT");
  const Graph graph = file.import();
  EXPECT_EQ(to_string(output_dims(graph)), "[2, 10, 11, 3]");
  const Node& first = graph.node(graph.nodes_of("Pad")[0]);
  EXPECT_EQ(to_vector<std::int64_t>(*read_by(graph, first, 1).constant),
            (Integers{0, 1, 3, 0, 0, 2, 0, 0}));
  TensorflowGraph::text(file.proto.mutable_node(4), "mode", "SYMMETRIC");
  test::expect_error(ErrorCode::kUnsupported, "its mode is 'SYMMETRIC'", [&] { file.import(); });
}

TEST(TensorflowOpsShape, CastsOnlyWhereTypesDiffer) {
  TensorflowGraph file;
  auto* input = file.input("x", {1, 4});
  TensorflowGraph::attribute(input, "dtype").set_type(DT_UINT8);
  TensorflowGraph::attribute(file.node("Cast", "cast", {"x"}), "DstT").set_type(DT_FLOAT);
  TensorflowGraph::attribute(file.node("Cast", "y", {"cast"}), "DstT").set_type(DT_HALF);
  const Graph graph = file.import();
  EXPECT_EQ(graph.nodes_of("Cast").size(), 1U);
  EXPECT_EQ(graph.value(graph.outputs()[0]).dtype, DType::kFloat32);
}

TEST(TensorflowOpsShape, SaysWhatIsComputed) {
  TensorflowGraph file;
  file.input("x", {2, 4});
  file.node("Reshape", "y", {"x", "x"});
  test::expect_error(ErrorCode::kUnsupported, "layer 'y'", [&] { file.import(); });
}

}  // namespace
}  // namespace quern::tensorflow
