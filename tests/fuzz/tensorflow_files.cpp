// tensorflow_files FOLDER: small frozen graphs, between them of every op that is read, for a fuzzer
// to start from.
#include <filesystem>
#include <string>
#include <vector>

#include "quern/base/file.h"
#include "quern/passes/passes.h"
#include "tests/support/tensorflow_graph.h"

namespace {

using quern::tensorflow::DT_FLOAT;
using quern::tensorflow::DT_INT32;
using quern::test::TensorflowGraph;

TensorflowGraph images() {
  TensorflowGraph file;
  file.input("x", {-1, 8, 8, 4});
  file.floats("c", {4});
  return file;
}

/// A matrix of integers.
void matrix(TensorflowGraph& file, const std::string& name, const std::vector<std::int64_t>& shape,
            const std::vector<std::int32_t>& values) {
  auto* tensor = file.constant(name, DT_INT32, shape);
  for (const std::int32_t value : values) tensor->add_int_val(value);
}

TensorflowGraph convolutions() {
  TensorflowGraph file = images();
  file.floats("w", {3, 3, 4, 4});
  file.floats("d", {3, 3, 4, 1});
  file.integers("sizes", {1, 8, 8, 4});
  file.integers("block", {2, 2});
  matrix(file, "pads", {2, 2}, {2, 2, 2, 2});
  matrix(file, "crops", {2, 2}, {0, 0, 0, 0});
  file.window("Conv2D", "a", {"x", "w"}, 2);
  file.window("DepthwiseConv2dNative", "b", {"a", "d"});
  file.node("BiasAdd", "b_bias", {"b", "c"});
  file.window("Conv2DBackpropInput", "up", {"sizes", "w", "b_bias"}, 2);
  auto* norm = file.node("FusedBatchNormV3", "norm", {"up", "c", "c", "c", "c"});
  TensorflowGraph::attribute(norm, "is_training").set_b(false);
  file.node("SpaceToBatchND", "space", {"norm", "block", "pads"});
  file.window("Conv2D", "dilated", {"space", "w"}, 1, "VALID");
  file.node("BatchToSpaceND", "batch", {"dilated", "block", "crops"});
  return file;
}

TensorflowGraph classifier() {
  TensorflowGraph file = images();
  file.integers("axes", {1, 2});
  file.floats("w", {4, 3});
  file.node("Relu6", "relu", {"x"});
  TensorflowGraph::ints(file.window("MaxPool", "max", {"relu"}, 2), "ksize", {1, 2, 2, 1});
  TensorflowGraph::ints(file.window("AvgPool", "average", {"max"}, 1), "ksize", {1, 3, 3, 1});
  file.node("Mean", "mean", {"average", "axes"});
  file.node("Max", "largest", {"average", "axes"});
  file.node("AddN", "sum", {"mean", "largest", "mean"});
  file.node("MatMul", "fc", {"sum", "w"});
  file.node("Softmax", "y", {"fc"});
  return file;
}

TensorflowGraph shapes() {
  TensorflowGraph file = images();
  file.integers("zero", {0});
  file.integers("one", {1});
  file.integer("axis", 0);
  file.integers("begin", {1});
  file.integers("count", {3});
  file.node("Shape", "shape", {"x"});
  TensorflowGraph::attribute(file.node("StridedSlice", "n", {"shape", "zero", "one", "one"}),
                             "shrink_axis_mask")
      .set_i(1);
  file.node("Slice", "extents", {"shape", "begin", "count"});
  file.node("Prod", "product", {"extents", "axis"});
  file.node("Pack", "target", {"n", "product"});
  file.node("Reshape", "flat", {"x", "target"});
  file.node("ExpandDims", "wide", {"flat", "axis"});
  TensorflowGraph::ints(file.node("Squeeze", "y", {"wide"}), "squeeze_dims", {0});
  return file;
}

TensorflowGraph pieces() {
  TensorflowGraph file = images();
  file.integer("axis", 3);
  file.integers("sizes", {1, -1});
  file.integers("perm", {0, 1, 2, 3});
  matrix(file, "pads", {4, 2}, {0, 0, 1, 1, 2, 0, 0, 0});
  file.floats("value", {}, {1});
  TensorflowGraph::attribute(file.node("Split", "halves", {"axis", "x"}), "num_split").set_i(2);
  file.node("SplitV", "parts", {"x", "sizes", "axis"});
  file.node("ConcatV2", "joined", {"halves:1", "halves", "axis"});
  file.node("Concat", "again", {"axis", "parts", "parts:1", "joined"});
  file.node("Transpose", "turned", {"again", "perm"});
  file.node("Pad", "padded", {"turned", "pads"});
  file.node("PadV2", "bordered", {"padded", "pads", "value"});
  TensorflowGraph::text(file.node("MirrorPad", "y", {"bordered", "pads"}), "mode", "REFLECT");
  return file;
}

TensorflowGraph grids() {
  TensorflowGraph file = images();
  file.floats("w", {3, 3, 4, 2});
  file.floats("min", {2}, {-1, -2});
  file.floats("low", {}, {-1});
  file.floats("high", {}, {1});
  file.floats("max", {2}, {1, 2});
  auto* input = file.node("FakeQuantWithMinMaxArgs", "input", {"x"});
  TensorflowGraph::attribute(input, "min").set_f(-1);
  TensorflowGraph::attribute(input, "max").set_f(1);
  file.node("FakeQuantWithMinMaxVarsPerChannel", "weight", {"w", "min", "max"});
  file.window("Conv2D", "conv", {"input", "weight"});
  file.node("FakeQuantWithMinMaxVars", "y", {"conv", "low", "high"});
  return file;
}

TensorflowGraph resizes() {
  TensorflowGraph file = images();
  file.integers("size", {16, 11});
  file.integer("axis", 2);
  file.integers("copies", {1, 1, 2, 1, 1});
  file.integers("shape", {-1, 32, 11, 4});
  file.node("ResizeBilinear", "linear", {"x", "size"});
  file.node("ResizeNearestNeighbor", "nearest", {"linear", "size"});
  file.node("ExpandDims", "expand", {"nearest", "axis"});
  file.node("Tile", "tile", {"expand", "copies"});
  file.node("Reshape", "y", {"tile", "shape"});
  return file;
}

TensorflowGraph arithmetic() {
  TensorflowGraph file = images();
  file.floats("half", {}, {0.5F});
  file.node("AddV2", "shifted", {"c", "half"});
  file.node("Rsqrt", "root", {"shifted"});
  file.node("Mul", "scaled", {"x", "root"});
  file.node("Sub", "difference", {"scaled", "c"});
  file.node("Mul", "small", {"half", "difference"});
  file.node("Maximum", "leaky", {"small", "difference"});
  file.node("Minimum", "limited", {"leaky", "half"});
  file.node("RandomUniform", "random", {"c"});
  file.node("Floor", "mask", {"random"});
  file.node("RealDiv", "divided", {"limited", "half"});
  file.node("Mul", "dropped", {"divided", "mask"});
  TensorflowGraph::attribute(file.node("Cast", "cast", {"dropped"}), "DstT").set_type(DT_FLOAT);
  file.node("Sigmoid", "y", {"cast"});
  file.node("ArgMax", "class", {"cast", "c"});
  return file;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::vector<TensorflowGraph> files = {quern::test::conv_graph(),
                                              convolutions(),
                                              classifier(),
                                              shapes(),
                                              pieces(),
                                              grids(),
                                              resizes(),
                                              arithmetic()};
  for (std::size_t i = 0; i < files.size(); ++i) {
    // What the fuzzer starts from has to be read to its end.
    quern::Graph graph = files[i].import();
    quern::canonicalize(graph);
    quern::write_file(std::filesystem::path(argv[1]) / fmt::format("{}.pb", i), files[i].bytes());
  }
}
