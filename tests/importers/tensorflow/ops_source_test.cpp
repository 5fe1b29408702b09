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

TEST(TensorflowOpsSource, FreesTheBatchOnly) {
  TensorflowGraph file;
  auto* input = file.input("x", {-1, 4, 4, 3});
  file.node("Relu", "y", {"x"});
  EXPECT_EQ(to_string(*file.import().value(file.import().inputs()[0]).dims), "[N, 4, 4, 3]");
  TensorflowGraph::attribute(input, "shape").mutable_shape()->mutable_dim(2)->set_size(-1);
  test::expect_error(ErrorCode::kUnsupported,
                     "layer 'x' (Placeholder): the input is [?, 4, ?, 3], of which more than the "
                     "batch is free",
                     [&] { file.import(); });
  TensorflowGraph::attribute(input, "shape").mutable_shape()->set_unknown_rank(true);
  test::expect_error(ErrorCode::kUnsupported, "the input's shape is not known",
                     [&] { file.import(); });
}

TEST(TensorflowOpsSource, TakesTheShapeThatTensorflowInferred) {
  TensorflowGraph file;
  auto* input = file.input("x", {});
  TensorflowGraph::attribute(input, "shape").mutable_shape()->set_unknown_rank(true);
  auto* inferred = TensorflowGraph::attribute(input, "_output_shapes").mutable_list()->add_shape();
  for (const int extent : {1, 5}) inferred->add_dim()->set_size(extent);
  file.node("Relu", "y", {"x"});
  EXPECT_EQ(to_string(output_dims(file.import())), "[1, 5]");
}

TEST(TensorflowOpsSource, KeepsTheDefaultOfARate) {
  TensorflowGraph file;
  file.input("x", {1, 4});
  file.floats("default", {}, {2});
  file.node("PlaceholderWithDefault", "rate", {"default"});
  file.node("Mul", "y", {"x", "rate"});
  const Graph graph = file.import();
  EXPECT_EQ(graph.inputs().size(), 1U);
  EXPECT_EQ(*read_by(graph, only(graph, "Mul"), 1).constant, Tensor::scalar(2.0F));
}

TEST(TensorflowOpsSource, TakesAPictureWithADefaultForAnInput) {
  TensorflowGraph file;
  file.floats("default", {1, 4});
  auto* input = file.node("PlaceholderWithDefault", "x", {"default"});
  TensorflowGraph::attribute(input, "dtype").set_type(DT_FLOAT);
  for (const int extent : {-1, 4}) {
    TensorflowGraph::attribute(input, "shape").mutable_shape()->add_dim()->set_size(extent);
  }
  file.node("Relu", "y", {"x"});
  EXPECT_EQ(file.import().inputs().size(), 1U);
}

TEST(TensorflowOpsSource, NamesAConstantItCannotRead) {
  TensorflowGraph file;
  file.input("x", {1, 4});
  file.constant("w", DT_STRING, {4});
  file.node("Mul", "y", {"x", "w"});
  test::expect_error(ErrorCode::kUnsupported,
                     "layer 'w' (Const): the element type DT_STRING is not read",
                     [&] { file.import(); });
}

TEST(TensorflowOpsSource, PassesThrough) {
  TensorflowGraph file;
  file.input("x", {1, 4});
  file.node("StopGradient", "a", {"x"});
  file.node("CheckNumerics", "b", {"a"});
  file.node("IdentityN", "c", {"b", "b"});
  file.node("Relu", "y", {"c:1"});
  EXPECT_EQ(read_by(file.import(), only(file.import(), "Relu"), 0).name, "x");
}

}  // namespace
}  // namespace quern::tensorflow
