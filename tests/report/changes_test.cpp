#include "quern/report/changes.h"

#include <gmock/gmock.h>

#include <cmath>

#include "quern/report/weight_figures.h"
#include "tests/support/network.h"
#include "tests/support/quantized_network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class Changes : public testing::Test {
 protected:
  std::vector<LayerChange> changes() const {
    return changes_between(made_.graph, after_, made_.graph);
  }

  Node layer(const std::string& name) const { return after_.node(*after_.find_layer(name)); }
  QuantizerId grid(const std::string& quant) const { return layer(quant).quantizer; }

  test::TemporaryFolder folder_;
  test::QuantizedNetwork made_ = test::quantized_network(folder_.path());
  Graph after_ = made_.graph;
};

TEST_F(Changes, AreNoneBetweenEqualNetworks) { EXPECT_THAT(changes(), IsEmpty()); }

TEST_F(Changes, CountTheCodesThatDiffer) {
  const ValueId weight = layer("narrow.weight_quant").inputs[0];
  Tensor moved = *after_.value(weight).constant;
  const QuantParams params = after_.params(grid("narrow.weight_quant"));
  // One element of 16, by one step towards 0.
  float& first = moved.mutable_data<float>()[0];
  first -= std::copysign(params.scale[0], first);
  after_.set_constant(weight, moved);

  ASSERT_THAT(changes(), SizeIs(1));
  const LayerChange change = changes().front();
  EXPECT_EQ(change.layer, "narrow");
  EXPECT_EQ(change.codes_changed, 1.0 / static_cast<double>(moved.size()));
  EXPECT_LT(*change.sqnr_after_db, *change.sqnr_before_db);
  EXPECT_FALSE(change.bias_shift || change.weight_scale || change.output_scale);
}

TEST_F(Changes, MeasureTheShiftOfABiasAlsoOfANewOne) {
  const ValueId bias = layer("stem").inputs[2];
  Tensor shifted = *after_.value(bias).constant;
  for (float& value : shifted.mutable_data<float>()) value += 0.25F;
  after_.set_constant(bias, shifted);
  const ValueId added = after_.add_constant("new", Tensor::of<float>({4}, {2, 0, 0, 0}));
  after_.append_input(layer("wide").id, added);

  ASSERT_THAT(changes(), SizeIs(2));
  // The sums of random biases and 0.25 are rounded to 2⁻²⁴ of themselves.
  EXPECT_NEAR(*changes()[0].bias_shift, 0.25, 1e-6);
  EXPECT_EQ(changes()[1].bias_shift, 1);
}

TEST_F(Changes, GiveTheFactorOfAScaleUpOrDown) {
  after_.scale(after_.quantizer(grid("wide.weight_quant")).scale).values[1] *= 4;
  after_.scale(after_.quantizer(grid("wide.output_quant")).scale).values[0] /= 2;
  ASSERT_THAT(changes(), SizeIs(1));
  EXPECT_EQ(changes()[0].weight_scale, 4);
  EXPECT_EQ(changes()[0].output_scale, 2);
  EXPECT_GT(changes()[0].codes_changed, 0);
}

TEST_F(Changes, GiveTheFactorsByWhichAFloatLayerWasScaled) {
  const Graph& before = made_.float_graph;
  Graph scaled = before;
  const ValueId weight = scaled.node(*scaled.find_layer("wide")).inputs[1];
  Tensor values = *scaled.value(weight).constant;
  const auto elements = values.mutable_data<float>();
  for (std::size_t i = 0; i < 9; ++i) elements[i] *= 4;      // The first of four channels,
  for (std::size_t i = 9; i < 18; ++i) elements[i] *= 0.5F;  // the second.
  scaled.set_constant(weight, values);

  const std::vector<LayerChange> found = changes_between(before, scaled, made_.graph);

  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].layer, "wide");
  EXPECT_EQ(found[0].factor_low, 0.5);
  EXPECT_EQ(found[0].factor_high, 4);
  EXPECT_GT(*found[0].range_after, *found[0].range_before);
  EXPECT_FALSE(found[0].codes_changed || found[0].bias_shift);
}

TEST_F(Changes, CountTheFactorsOfANormAndOfAMulBehindALayer) {
  test::Network net(3, 16, /*seed=*/3);
  Graph before =
      net.finish({net.op("relu", "Relu", {net.batchnorm("norm", net.conv("conv", net.input()))})});
  Graph after = before;
  const ValueId gamma = after.node(*after.find_layer("norm")).inputs[1];
  Tensor twice = *after.value(gamma).constant;
  for (float& value : twice.mutable_data<float>()) value *= 2;
  after.set_constant(gamma, twice);
  const ValueId output = after.outputs()[0];
  const ValueId scaled = after.add_value("scaled");
  after.replace_uses(output, scaled);
  after.add_node({.layer = "mul",
                  .op = "Mul",
                  .inputs = {output, after.add_constant(
                                         "s", Tensor::of<float>({1, 4, 1, 1}, {0.5F, 1, 1, 1}))},
                  .outputs = {scaled}});

  const std::vector<LayerChange> found = changes_between(before, after, before);

  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].factor_low, 0.5);
  EXPECT_EQ(found[0].factor_high, 2);
  EXPECT_FALSE(found[0].range_before.has_value());
}

}  // namespace
}  // namespace quern
