#include "quern/executor/internal/parameter_store.h"

#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "quern/passes/learn_scales.h"
#include "quern/passes/place_quantizers.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::expect_error;
using test::quantizer_of;

/// Convolution, batch norm and ReLU6, then a linear layer.
Graph network(QuantizerKind weights = QuantizerKind::kLsq,
              QuantizerKind activations = QuantizerKind::kLsq, int bits = 4) {
  test::Network net;
  const ValueId stem = net.batchnorm("bn", net.conv("stem", net.input()));
  Graph graph = net.finish({net.head("fc", net.clip("relu6", stem, 0, 6))});
  place_quantizers(graph, {.weight_bits = bits, .activation_bits = bits});
  learn_scales(graph, {.weights = weights, .activations = activations});
  return graph;
}

TEST(ParameterStore, HoldsWhatTrainingChangesByNameAndRole) {
  const ParameterStore store(network());
  std::vector<std::string> learned;
  std::vector<std::string> measured;
  for (const Parameter& parameter : store.parameters()) {
    (parameter.is_learned() ? learned : measured).push_back(parameter.name);
  }
  EXPECT_THAT(learned, testing::UnorderedElementsAre("stem.weight", "bn.gamma", "bn.beta",
                                                     "fc.weight", "fc.bias", "stem.weight_scale",
                                                     "fc.weight_scale", "stem.output_scale",
                                                     "fc.pool.output_scale", "fc.output_scale"));
  EXPECT_THAT(measured, testing::UnorderedElementsAre(
                            "bn.running_mean", "bn.running_variance", "stem.output_quant.statistic",
                            "fc.pool.output_quant.statistic", "fc.output_quant.statistic"));
  EXPECT_EQ(store.find("stem.weight_scale")->role, ParameterRole::kWeightScale);
  EXPECT_EQ(store.find("stem.weight_scale")->layer, "stem.weight_quant");
  EXPECT_EQ(name(store.find("bn.beta")->role), "beta");
  EXPECT_EQ(store.find("nothing"), nullptr);
}

TEST(ParameterStore, TakesABiasThatIsAnAddOfItsOwn) {
  test::Network net;
  const ValueId matrix = net.constant("w", Tensor::of<float>({8, 2}, std::vector<float>(16, 1)));
  const ValueId product = net.op("product", "MatMul", {net.input(), matrix});
  const ValueId bias = net.constant("b", Tensor::of<float>({2}, std::vector<float>{1, 2}));
  const ParameterStore store(net.finish({net.op("sum", "Add", {product, bias})}));
  ASSERT_NE(store.find("sum.bias"), nullptr);
  EXPECT_TRUE(store.find("sum.bias")->is_learned());
}

TEST(ParameterStore, StartsALearnedStepFromTheWeights) {
  const Graph graph = network();
  const ParameterStore store(graph);
  const Tensor& weight =
      *graph.constant_behind(graph.node(graph.find_layer("stem").value()).inputs[1]);
  const auto data = weight.data<float>();
  double mean = 0;
  for (std::size_t i = 0; i < 27; ++i) mean += std::abs(data[i]) / 27.0;
  constexpr float kRounding = 1e-6F;  // A mean of 27 numbers below 1 in float32.
  EXPECT_NEAR(store.find("stem.weight_scale")->tensor[0].item<float>(), 2 * mean / std::sqrt(7.0),
              kRounding);
}

TEST(ParameterStore, HoldsTheThresholdOfPact) {
  const Graph graph = network(QuantizerKind::kPact, QuantizerKind::kPact);
  const ParameterStore store(graph);
  EXPECT_FLOAT_EQ(store.find("stem.output_scale")->tensor.item<float>(), 6);
  EXPECT_FLOAT_EQ(store.scale(quantizer_of(graph, "stem.output_quant").id).item<float>(),
                  6.0F / 15);
}

TEST(ParameterStore, FollowsTheThresholdsOfBatches) {
  const Graph graph = network();
  ParameterStore store(graph);
  const QuantizerId id = quantizer_of(graph, "fc.output_quant").id;
  EXPECT_FLOAT_EQ(store.observe(id, 8), 1);  // Four bits signed: the threshold is 8 steps.
  EXPECT_FLOAT_EQ(store.observe(id, 18), 9.0F / 8);
  EXPECT_FLOAT_EQ(store.find("fc.output_scale")->tensor.item<float>(), 9.0F / 8);
}

TEST(ParameterStore, WritesItsValuesToAGraph) {
  Graph graph = network(QuantizerKind::kMinMax, QuantizerKind::kPact);
  ParameterStore store(graph);
  const at::NoGradGuard no_gradients;
  for (const Parameter& parameter : store.parameters()) parameter.tensor.fill_(2);
  store.write_to(graph);
  const Node& stem = graph.node(graph.find_layer("stem").value());
  for (const float w : graph.constant_behind(stem.inputs[1])->data<float>()) EXPECT_EQ(w, 2);
  const auto scale = [&](const std::string& quant) {
    return graph.params(quantizer_of(graph, quant).id).scale[0];
  };
  EXPECT_FLOAT_EQ(scale("stem.weight_quant"), 2.0F / 7);
  EXPECT_FLOAT_EQ(scale("stem.output_quant"), 2.0F / 15);
  verify(graph);
}

TEST(ParameterStore, TakesTheLargestScaleThatWeightsOfOneScaleNeed) {
  Graph graph = network(QuantizerKind::kMinMax);
  const Quantizer& stem = quantizer_of(graph, "stem.weight_quant");
  Quantizer& fc = graph.quantizer(quantizer_of(graph, "fc.weight_quant").id);
  graph.quantizer(stem.id).spec.granularity = fc.spec.granularity = Granularity::kPerTensor;
  fc.scale = stem.scale;
  const ParameterStore store(graph);
  const at::NoGradGuard no_gradients;
  for (const auto& [name, largest] : {std::pair{"stem.weight", 2}, {"fc.weight", 3}}) {
    store.find(name)->tensor.data().fill_(largest);
  }
  EXPECT_FLOAT_EQ(store.current_scale(stem.id).item<float>(), 3.0F / 7);
  EXPECT_FLOAT_EQ(store.current_scale(fc.id).item<float>(), 3.0F / 7);
}

TEST(ParameterStore, RefusesToWriteWhatIsNotKnownOrNotFinite) {
  Graph graph = network();
  ParameterStore store(graph);
  expect_error(ErrorCode::kInvalidArgument, "the scale 'fc.pool.output_scale' is not known yet",
               [&] { store.write_to(graph); });
  store.find("bn.beta")->tensor.data().fill_(std::numeric_limits<float>::quiet_NaN());
  expect_error(ErrorCode::kInvalidArgument, "'bn.beta' holds a number that is not finite",
               [&] { store.write_to(graph); });
}

TEST(ParameterStore, KeepsScalesAboveZero) {
  ParameterStore store(network());
  store.find("stem.weight_scale")->tensor.data().fill_(-1);
  EXPECT_EQ(store.keep_scales_positive(), nullptr);
  EXPECT_GT(store.find("stem.weight_scale")->tensor.min().item<float>(), 0);
  const Parameter* const ruined = store.find("stem.weight_scale");
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    ruined->tensor.data().fill_(value);
    EXPECT_EQ(store.keep_scales_positive(), ruined) << value;
  }
}

TEST(ParameterStore, ComesBackFromItsState) {
  const Graph graph = network();
  ParameterStore store(graph);
  const auto before = store.state();
  for (const Parameter& parameter : store.parameters()) parameter.tensor.data().add_(1);
  EXPECT_NE(store.state(), before);
  store.load(before);
  EXPECT_EQ(store.state(), before);
}

TEST(ParameterStore, RefusesTheStateOfAnotherNetwork) {
  ParameterStore store(network());
  const auto refuses = [&](const std::string& sentence,
                           const std::map<std::string, Tensor>& state) {
    expect_error(ErrorCode::kInvalidArgument, sentence, [&] { store.load(state); });
  };
  auto state = ParameterStore(network(QuantizerKind::kLsq, QuantizerKind::kLsq, 8)).state();
  refuses(
      "the state's 'fc.output_quant.grid' is signed 8 bits of kind lsq, the network's is signed 4 "
      "bits of kind lsq",
      state);
  state = store.state();
  state.erase("bn.beta");
  refuses("the state lacks 'bn.beta', which the network has", state);
  state = store.state();
  state["x"] = Tensor();
  refuses("the state has 'x', which the network has not", state);
  state = store.state();
  state["bn.beta"] = Tensor(DType::kFloat32, {3});
  refuses("the state's 'bn.beta' is float32 [3], the network's is float32 [4]", state);
}

TEST(ParameterStore, RefusesTwoKindsOnOneScale) {
  Graph graph = network();
  const ScaleId scale = quantizer_of(graph, "fc.output_quant").scale;
  Quantizer& other = graph.quantizer(quantizer_of(graph, "fc.pool.output_quant").id);
  other.scale = scale;
  other.kind = QuantizerKind::kPact;
  expect_error(ErrorCode::kInvalidArgument, "shares its scale with",
               [&] { ParameterStore store(graph); });
}

}  // namespace
}  // namespace quern
