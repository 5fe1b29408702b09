#include "quern/importers/tflite/quant.h"

#include <gmock/gmock.h>

#include "tests/support/expect_error.h"

namespace quern {
namespace {

TEST(AddQuantizer, KeepsTheFilesNumbers) {
  Graph graph;
  const QuantizerId id =
      add_quantizer(graph, "fc.", {.bits = 8, .is_signed = false}, {{0.25F}, {7}, 0});
  const Quantizer& entry = graph.quantizer(id);
  EXPECT_EQ(entry.name, "fc.quant");
  EXPECT_EQ(entry.kind, QuantizerKind::kCalibrated);
  EXPECT_EQ(entry.spec, (QuantSpec{.bits = 8, .is_signed = false, .symmetric = false}));
  EXPECT_EQ(graph.params(id), (QuantParams{{0.25F}, {7}}));
}

TEST(AddQuantizer, WritesOneScaleForEachChannel) {
  Graph graph;
  const QuantizerId id = add_quantizer(graph, "w.", {.bits = 8}, {{1, 2}, {0, 0}, 3});
  EXPECT_EQ(graph.quantizer(id).spec,
            (QuantSpec{.granularity = Granularity::kPerChannel, .channel_axis = 3}));
  EXPECT_THAT(graph.quantizer(id).zero_point, testing::IsEmpty());
}

TEST(AddQuantizer, RefusesAZeroPointThatIsNoCode) {
  Graph graph;
  test::expect_error(ErrorCode::kParse, "its zero point 128 is not a code of -128 to 127", [&] {
    add_quantizer(graph, "w.", {.bits = 8}, {{1}, {128}, 0});
  });
}

TEST(AddQuant, NamesTheGrid) {
  Graph graph;
  const QuantizerId id = add_quantizer(graph, "x.", {}, {{1}, {0}, 0});
  const ValueId x = graph.add_input("x", DType::kFloat32, {});
  const Node* quant = graph.quant_of(add_quant(graph, x, id, "x.quant"));
  ASSERT_NE(quant, nullptr);
  EXPECT_EQ(quant->quantizer, id);
  EXPECT_EQ(quant->layer, "x.quant");
}

}  // namespace
}  // namespace quern
