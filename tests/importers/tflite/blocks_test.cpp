#include "quern/importers/tflite/blocks.h"

#include <gtest/gtest.h>

#include "quern/importers/tflite.h"
#include "tests/support/expect_error.h"
#include "tests/support/tflite_model.h"

namespace quern {
namespace {

using test::expect_error;
using test::TfliteFile;
using tflite::BuiltinOperator;
using tflite::TensorType;
using Integers = std::vector<std::int64_t>;

struct Blocks {
  TfliteFile file;
  int spread = 0;  ///< What SPACE_TO_BATCH_ND computes.
  int convolved = 0;
};

/// x [1, 9, 8, 1] → blocks of 2 → CONV_2D 3×3 → back, with the padding SAME.
Blocks dilated(const std::vector<std::int32_t>& crops = {0, 1, 0, 0}, int stride = 1) {
  Blocks blocks;
  TfliteFile& file = blocks.file;
  const int x = file.input("x", TensorType::FLOAT32, {1, 9, 8, 1});
  const int block = file.integers("block", {2, 2});
  const int pads = file.constant<std::int32_t>("pads", TensorType::INT32, {2, 2}, {2, 3, 2, 2});
  const int cropped = file.constant<std::int32_t>("crops", TensorType::INT32, {2, 2}, crops);
  blocks.spread = file.add("spread", TensorType::FLOAT32, {4, 7, 6, 1});
  blocks.convolved = file.add("convolved", TensorType::FLOAT32, {4, 5, 4, 2});
  file.op(BuiltinOperator::SPACE_TO_BATCH_ND, {x, block, pads}, {blocks.spread});
  tflite::Conv2DOptionsT options;
  options.padding = tflite::Padding::VALID;
  options.stride_h = options.stride_w = stride;
  file.op(BuiltinOperator::CONV_2D,
          {blocks.spread, file.floats("c/w", {2, 3, 3, 1}, std::vector<float>(18, 1))},
          {blocks.convolved}, options);
  file.op(BuiltinOperator::BATCH_TO_SPACE_ND, {blocks.convolved, block, cropped},
          {file.output("y", TensorType::FLOAT32, {1, 9, 8, 2})});
  return blocks;
}

TEST(Blocks, AroundAConvolutionDilateIt) {
  const Graph graph = import_tflite(dilated().file.bytes(), "a");
  const Node& conv = graph.node(graph.nodes_of("Conv").at(0));
  EXPECT_EQ(conv.layer, "c");
  EXPECT_EQ(std::get<Integers>(conv.attributes.at("dilations")), (Integers{2, 2}));
  EXPECT_EQ(std::get<Integers>(conv.attributes.at("pads")), (Integers{2, 2, 2, 2}));
  EXPECT_EQ(to_string(*graph.value(graph.outputs()[0]).dims), "[1, 9, 8, 2]");
}

TEST(Blocks, AreRefusedWhereNoConvolutionComputesTheSame) {
  expect_error(ErrorCode::kUnsupported, "layer 'y' (BATCH_TO_SPACE_ND): blocks are padded by 2 and",
               [] {
                 import_tflite(dilated({0, 1, 0, 3}).file.bytes(), "a");
               });
  expect_error(ErrorCode::kUnsupported, "layer 'c' (CONV_2D): blocks are moved around it", [] {
    import_tflite(dilated({0, 1, 0, 0}, 2).file.bytes(), "a");
  });
}

TEST(Blocks, AreRefusedWhereSomethingElseReadsThem) {
  for (int Blocks::*read : {&Blocks::spread, &Blocks::convolved}) {
    Blocks blocks = dilated();
    blocks.file.op(BuiltinOperator::RELU, {blocks.*read},
                   {blocks.file.output("z", TensorType::FLOAT32, {4, 5, 4, 2})});
    expect_error(ErrorCode::kUnsupported, "layer 'spread' (SPACE_TO_BATCH_ND): blocks are moved",
                 [&] { import_tflite(blocks.file.bytes(), "a"); });
  }
}

TEST(Blocks, AreRefusedAroundOtherOps) {
  Blocks blocks = dilated();
  blocks.file.graph().operators.erase(blocks.file.graph().operators.begin() + 1);
  blocks.file.graph().operators[1]->inputs[0] = blocks.spread;
  expect_error(ErrorCode::kUnsupported, "layer 'spread' (SPACE_TO_BATCH_ND): blocks are moved",
               [&] { import_tflite(blocks.file.bytes(), "a"); });
}

}  // namespace
}  // namespace quern
