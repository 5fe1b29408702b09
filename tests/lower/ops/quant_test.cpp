// Where grids stand: at the input, twice on one value, in front of what is left out.
#include "quern/data/normalize.h"
#include "quern/lower/grid.h"
#include "tests/lower/ops/lowered_op.h"

namespace quern::test {
namespace {

class LoweredQuant : public LoweredOp {
 protected:
  Graph plain() const {
    Network net(3, 8, 1);
    return quantized(net.finish({net.conv("conv", net.input())}), 8, 8);
  }
};

TEST_F(LoweredQuant, ReadsCodesWhereNoPreprocessingIsRecorded) {
  const IntModel model = lower(plain()).model;
  ASSERT_EQ(model.inputs.size(), 1U);
  EXPECT_EQ(model.inputs[0].kind, InputKind::kCodes);
  EXPECT_EQ(model.tensors[static_cast<std::size_t>(model.inputs[0].tensor)].first_code, -128);
}

TEST_F(LoweredQuant, MakesCodesOfPixelsAsPreprocessingAndItsGridDo) {
  Graph graph = plain();
  graph.preprocessing = data_.loader.preprocessing;
  graph.preprocessing->bgr = true;
  const IntModel model = expect_faithful(graph);
  EXPECT_EQ(model.inputs[0].kind, InputKind::kPixels);
  EXPECT_TRUE(model.inputs[0].bgr);
  const auto& table = kind_of<IntLookup>(model, "input.quant").table;
  ASSERT_EQ(table.size(), 3U * 256U);
  const Grid grid = grid_of(graph, graph.node(*graph.find_layer("input.quant")));
  const Normalization values(*graph.preprocessing);
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t pixel = 0; pixel < 256; ++pixel) {
      EXPECT_EQ(table[c * 256 + pixel], grid.code_of(values.table(c)[pixel]));
    }
  }
}

TEST_F(LoweredQuant, NeedsOneTableWhereChannelsAreAlike) {
  Graph graph = plain();
  graph.preprocessing = {.mean = {0.5, 0.5, 0.5}, .std = {0.5, 0.5, 0.5}};
  EXPECT_EQ(kind_of<IntLookup>(lower(graph).model, "input.quant").table.size(), 256U);
}

TEST_F(LoweredQuant, IsATableBehindAnotherGrid) {
  Graph graph = plain();
  Quantizer narrow{.name = "narrow", .spec = {.bits = 4}};
  narrow.scale = graph.add_scale({.name = "narrow", .values = {0.2F}});
  const ValueId output = graph.outputs()[0];
  graph.insert_quant(output, graph.add_quantizer(narrow), "again");
  const IntModel model = expect_faithful(graph);
  EXPECT_EQ(kind_of<IntLookup>(model, "again").table.size(), 256U);
}

TEST_F(LoweredQuant, ChangesNothingOnTheSameGrid) {
  Graph graph = plain();
  const std::size_t ops = lower(graph).model.ops.size();
  graph.insert_quant(graph.outputs()[0], quantizer_of(graph, "conv.output_quant").id, "again");
  EXPECT_EQ(lower(graph).model.ops.size(), ops);
}

TEST_F(LoweredQuant, GivesOneBitOfEitherSign) {
  Graph graph = plain();
  Quantizer bipolar{.name = "sign", .spec = {.bits = 1}};
  bipolar.scale = graph.add_scale({.name = "sign", .values = {1}});
  const NodeId quant = *graph.find_layer("conv.output_quant");
  graph.set_quantizer(quant, graph.add_quantizer(bipolar));
  const IntModel model = expect_faithful(graph);
  EXPECT_EQ(model.tensors[static_cast<std::size_t>(model.outputs[0])].bits, 2);
}

TEST_F(LoweredQuant, LeavesReadoutsOut) {
  for (const std::string op : {"Softmax", "Sigmoid"}) {
    Network net(3, 8, 2);
    const ValueId value = net.op("probabilities", op, {net.head("fc", net.conv("c", net.input()))});
    const LoweredModel lowered = lower(quantized(net.finish({value}), 8, 8));
    EXPECT_EQ(
        lowered.report.notes,
        std::vector{"'probabilities' is left out: the network answers with what " + op + " reads"});
    EXPECT_EQ(kind_of<IntConv>(lowered.model, "fc").weights.channels, 5);
    EXPECT_EQ(lowered.model.ops.back().output, lowered.model.outputs[0]);
  }
}

TEST_F(LoweredQuant, RefusesAnInputWithoutAGrid) {
  Graph graph = plain();
  graph.bypass(*graph.find_layer("input.quant"));
  expect_refused(graph, "its input 'input' is on no grid; what a Quant of at most 8 bits computes");
}

TEST_F(LoweredQuant, RefusesSixteenBits) {
  Graph graph = plain();
  graph.quantizer(quantizer_of(graph, "conv.output_quant").id).spec.bits = 16;
  expect_refused(graph, "activations of 16 bits; at most 8 bits can be stored");
}

TEST_F(LoweredQuant, RefusesAFreeExtent) {
  Graph graph = plain();
  graph.set_type(graph.inputs()[0], DType::kFloat32, Dims{{-1, "N"}, {3, ""}, {-1, "H"}, {8, ""}});
  expect_refused(graph, "cannot lower 'input': its shape [N, 3, H, 8] is not fixed");
}

}  // namespace
}  // namespace quern::test
