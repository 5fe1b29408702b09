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

TensorflowGraph pool(const std::string& op, const std::string& padding) {
  TensorflowGraph file;
  file.input("x", {-1, 7, 7, 3});
  TensorflowGraph::ints(file.window(op, "y", {"x"}, 2, padding), "ksize", {1, 3, 2, 1});
  return file;
}

TEST(TensorflowOpsPool, ReadsAWindow) {
  const Graph graph = pool("MaxPool", "SAME").import();
  const Node& node = only(graph, "MaxPool");
  EXPECT_EQ(std::get<Integers>(node.attributes.at("kernel_shape")), (Integers{3, 2}));
  EXPECT_EQ(std::get<std::string>(node.attributes.at("auto_pad")), "SAME_UPPER");
  EXPECT_EQ(to_string(output_dims(graph)), "[N, 4, 4, 3]");
  EXPECT_EQ(to_string(output_dims(pool("AvgPool", "VALID").import())), "[N, 3, 3, 3]");
}

TEST(TensorflowOpsPool, RefusesOtherWindows) {
  test::expect_error(ErrorCode::kUnsupported, "its padding is 'EXPLICIT'",
                     [] { pool("MaxPool", "EXPLICIT").import(); });
  TensorflowGraph file = pool("MaxPool", "SAME");
  file.proto.mutable_node(1)->mutable_attr()->at("ksize").mutable_list()->set_i(3, 2);
  test::expect_error(ErrorCode::kUnsupported, "ksize covers batch or channels",
                     [&] { file.import(); });
}

TensorflowGraph reduction(const std::string& op, const std::vector<std::int32_t>& axes,
                          bool keeps_axes) {
  TensorflowGraph file;
  file.input("x", {-1, 7, 7, 3});
  file.integers("axes", axes);
  TensorflowGraph::attribute(file.node(op, "y", {"x", "axes"}), "keep_dims").set_b(keeps_axes);
  return file;
}

TEST(TensorflowOpsPool, TakesMeans) {
  EXPECT_EQ(to_string(output_dims(reduction("Mean", {1, -2}, false).import())), "[N, 3]");
  EXPECT_EQ(to_string(output_dims(reduction("Mean", {1, 2}, true).import())), "[N, 1, 1, 3]");
  EXPECT_EQ(to_string(output_dims(reduction("Mean", {}, false).import())), "[N, 7, 7, 3]");
  test::expect_error(ErrorCode::kParse, "it reduces axis 4 of 4",
                     [] { reduction("Mean", {4}, false).import(); });
}

TEST(TensorflowOpsPool, TakesTheMaximumOfEachChannel) {
  EXPECT_EQ(to_string(output_dims(reduction("Max", {1, 2}, false).import())), "[N, 3]");
  EXPECT_EQ(to_string(output_dims(reduction("Max", {1, 2}, true).import())), "[N, 1, 1, 3]");
  EXPECT_EQ(to_string(output_dims(reduction("Max", {2, 3}, true).import())), "[N, 7, 1, 1]");
  test::expect_error(ErrorCode::kUnsupported, "it takes the maximum over other axes",
                     [] { reduction("Max", {3}, false).import(); });
}

}  // namespace
}  // namespace quern::tensorflow
