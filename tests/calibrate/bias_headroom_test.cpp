#include "quern/calibrate/bias_headroom.h"

#include <gmock/gmock.h>

#include "quern/executor/plan.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr float kInputScale = 0.125F;
constexpr float kAlmostZero = 1e-12F;

/// A linear layer of two outputs, the second of which has weights of zero and the bias 1.5.
struct Linear {
  Graph graph;
  ScaleId input = graph.add_scale({.name = "input", .values = {kInputScale}});
  ScaleId weight = graph.add_scale({.name = "weight", .values = {0.5F, kAlmostZero}});

  explicit Linear(float input_scale = kInputScale) {
    graph.scale(input).values = {input_scale};
    const ValueId x = graph.add_input("x", DType::kFloat32, {{-1, "N"}, {2}});
    const QuantizerId in = graph.add_quantizer({.name = "in", .spec = {.bits = 8}, .scale = input});
    const QuantizerId w = graph.add_quantizer(
        {.name = "w",
         .spec = {.bits = 8, .narrow_range = true, .granularity = Granularity::kPerChannel},
         .scale = weight});
    const QuantizerId b =
        graph.add_quantizer({.name = "b",
                             .kind = QuantizerKind::kDerived,
                             .spec = {.bits = 32, .granularity = Granularity::kPerChannel},
                             .factors = {in, w}});
    const ValueId weights =
        graph.add_constant("weights", Tensor::of<float>({2, 2}, std::vector<float>{1, -2, 0, 0}));
    const ValueId bias =
        graph.add_constant("bias", Tensor::of<float>({2}, std::vector<float>{0.25F, 1.5F}));
    const ValueId y = graph.add_value("y");
    graph.add_node({.layer = "fc",
                    .op = "Gemm",
                    .inputs = {quant(x, in, "x.quant"), quant(weights, w, "fc.weight_quant"),
                               quant(bias, b, "fc.bias_quant")},
                    .outputs = {y},
                    .attributes = {{"transB", std::int64_t{1}}}});
    graph.add_output(y);
  }

  ValueId quant(ValueId value, QuantizerId quantizer, std::string layer) {
    const ValueId result = graph.add_value(layer);
    graph.add_node({.layer = std::move(layer),
                    .op = "Quant",
                    .inputs = {value},
                    .outputs = {result},
                    .quantizer = quantizer});
    return result;
  }

  float second_output() const {
    const Tensor x = Tensor::of<float>({1, 2}, std::vector<float>{0, 0});
    return Plan(graph).run({x}).at(0).data<float>()[1];
  }
};

TEST(GiveBiasesHeadroom, RaisesTheScaleOfAChannelOfZeros) {
  Linear net;
  EXPECT_LT(net.second_output(), 0.01F);  // The largest code of the bias stands for that.

  EXPECT_THAT(give_biases_headroom(net.graph, {net.weight}), ElementsAre("fc.bias_quant"));

  const std::vector<float>& scales = net.graph.scale(net.weight).values;
  EXPECT_EQ(scales[0], 0.5F);
  EXPECT_FLOAT_EQ(scales[1], 1.5F / (kInputScale * 1073741824.0F));
  // A step of the bias is 1.5 / 2³⁰, less than what float32 tells apart.
  EXPECT_FLOAT_EQ(net.second_output(), 1.5F);
}

TEST(GiveBiasesHeadroom, RaisesAllScalesBehindAnInputOfZeros) {
  Linear net(/*input_scale=*/kAlmostZero);
  give_biases_headroom(net.graph, {net.weight});
  EXPECT_GT(net.graph.scale(net.weight).values[0], 100.0F);
  EXPECT_FLOAT_EQ(net.second_output(), 1.5F);
}

TEST(GiveBiasesHeadroom, KeepsPowersOfTwo) {
  Linear net;
  for (const QuantizerId id : net.graph.quantizers()) {
    net.graph.quantizer(id).spec.power_of_two = net.graph.quantizer(id).name == "w";
  }
  give_biases_headroom(net.graph, {net.weight});
  // 1.5 / (2⁻³ · 2³⁰) lies between 2⁻²⁷ and 2⁻²⁶.
  EXPECT_EQ(net.graph.scale(net.weight).values[1], 1.0F / 67108864);
}

TEST(GiveBiasesHeadroom, LeavesScalesThatWereGivenAndBiasesThatFit) {
  Linear net;
  EXPECT_THAT(give_biases_headroom(net.graph, {}), IsEmpty());
  EXPECT_EQ(net.graph.scale(net.weight).values[1], kAlmostZero);

  net.graph.scale(net.weight).values[1] = 0.5F;
  EXPECT_THAT(give_biases_headroom(net.graph, {net.weight}), IsEmpty());
  EXPECT_THAT(net.graph.scale(net.weight).values, ElementsAre(0.5F, 0.5F));
}

}  // namespace
}  // namespace quern
