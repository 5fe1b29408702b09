#include "quern/executor/internal/training_plan.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/zeros_like.h>
#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>

#include "quern/base/random.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/executor/plan.h"
#include "quern/passes/learn_scales.h"
#include "quern/passes/place_quantizers.h"
#include "tests/support/expect_error.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using test::expect_error;
using test::quantizer_of;

/// float32 sums of some hundred numbers near 1, in another order, through a few layers.
constexpr double kReassociation = 1e-4;

/// A scale's gradient sums up residues of either sign, each of a code up to 15, which cancel.
constexpr double kCancellation = 1e-3;

at::Tensor random_input(std::int64_t batch = 4, std::uint64_t seed = 3) {
  Random random(seed);
  Tensor tensor(DType::kFloat32, {batch, 3, 8, 8});
  for (float& value : tensor.mutable_data<float>()) value = static_cast<float>(random.normal());
  return to_torch(tensor);
}

/// Depthwise and plain convolutions, a ReLU6, a residual add, a concat, a linear layer.
Graph float_network() {
  test::Network net;
  const ValueId stem =
      net.clip("relu6", net.batchnorm("bn1", net.conv("stem", net.input(), {.channels = 6})), 0, 6);
  const ValueId deep = net.batchnorm("bn2", net.conv("deep", stem, {.channels = 6, .groups = 6}));
  const ValueId point = net.batchnorm(
      "bn3", net.conv("point", net.op("relu", "Relu", {deep}), {.channels = 6, .kernel = 1}));
  const ValueId sum = net.op("add", "Add", {point, stem});
  const ValueId wide = net.conv("wide", sum, {.channels = 10, .stride = 2, .bias = true});
  return net.finish({net.head("fc", wide)});
}

struct Kinds {
  QuantizerKind weights = QuantizerKind::kLsq;
  QuantizerKind activations = QuantizerKind::kLsq;
};

Graph quantized(Graph graph, const Kinds& kinds, int bits) {
  place_quantizers(graph, {.weight_bits = bits, .activation_bits = bits});
  graph.scale(quantizer_of(graph, "input.quant").scale).values = {3.0F / 127};
  learn_scales(graph, {.weights = kinds.weights, .activations = kinds.activations});
  return graph;
}

Graph quantized_network(int bits = 4) { return quantized(float_network(), {}, bits); }

double loss_of(const std::vector<at::Tensor>& outputs) {
  return (outputs[0] * outputs[0]).sum().item<double>();
}

struct Step {
  at::Tensor output;
  std::map<std::string, at::Tensor> gradients;
  std::map<std::string, Tensor> state;
};

/// A step from the same start: statistics first, where there are scales to be found.
Step step(const Graph& graph, const TrainingPlanOptions& options, const TrainingMode& mode = {}) {
  ParameterStore store(graph);
  TrainingPlan plan(graph, store, options);
  {
    const at::NoGradGuard no_gradients;
    plan.run({random_input(8, 5)}, {.scales_from_statistics = true});
  }
  const auto outputs = plan.run({random_input()}, mode);
  torch::autograd::backward({(outputs[0] * outputs[0]).sum()}, {});
  Step result{outputs[0].detach(), {}, store.state()};
  for (const Parameter& parameter : store.parameters()) {
    if (parameter.tensor.grad().defined()) {
      result.gradients[parameter.name] = parameter.tensor.grad().clone();
    }
  }
  return result;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).norm().item<double>() / (1e-3 + b.norm().item<double>());
}

TEST(TrainingPlan, IsLibTorchsOwnNetworkByPlainOperators) {
  test::Network net;
  const ValueId stem = net.batchnorm("bn", net.conv("stem", net.input()));
  const Graph graph = net.finish({net.clip("relu6", stem, 0, 6)});
  const at::Tensor x = random_input();
  for (const TrainingOperators operators : {TrainingOperators::kPlain, TrainingOperators::kFused}) {
    ParameterStore store(graph);
    const auto leaf = [&](const char* name) {
      const Parameter& parameter = *store.find(name);
      return parameter.tensor.detach().clone().requires_grad_(parameter.is_learned());
    };
    at::Tensor weight = leaf("stem.weight"), gamma = leaf("bn.gamma"), beta = leaf("bn.beta"),
               mean = leaf("bn.running_mean"), variance = leaf("bn.running_variance");
    const at::Tensor wanted =
        at::hardtanh(at::batch_norm(at::conv2d(x, weight, {}, 1, 1), gamma, beta, mean, variance,
                                    true, 0.1, 1e-5, true),
                     0, 6);
    torch::autograd::backward({(wanted * wanted).sum()}, {});

    const auto outputs = TrainingPlan(graph, store, {.operators = operators}).run({x});
    torch::autograd::backward({(outputs[0] * outputs[0]).sum()}, {});

    EXPECT_LT(distance(outputs[0].detach(), wanted.detach()), kReassociation);
    const auto gradient = [&](const char* name) { return store.find(name)->tensor.grad(); };
    EXPECT_LT(distance(gradient("stem.weight"), weight.grad()), kReassociation);
    EXPECT_LT(distance(gradient("bn.gamma"), gamma.grad()), kReassociation);
    EXPECT_LT(distance(gradient("bn.beta"), beta.grad()), kReassociation);
    EXPECT_LT(distance(store.find("bn.running_mean")->tensor, mean), kReassociation);
    EXPECT_LT(distance(store.find("bn.running_variance")->tensor, variance), kReassociation);
  }
}

/// The same without batch norms, and with biases, which quern's own convolutions do not take: what
/// both paths compute alike to the last bit until gradients are summed, so that no element is on
/// two sides of a rounding step.
Graph network_of_equal_bits(const Kinds& kinds) {
  test::Network net;
  const auto conv = [&](const char* layer, ValueId from, std::int64_t groups) {
    return net.conv(layer, from, {.channels = 6, .groups = groups, .bias = true});
  };
  const ValueId stem = net.clip("relu6", conv("stem", net.input(), 1), 0, 6);
  const ValueId deep = conv("deep", stem, 6);
  const ValueId point = conv("point", net.op("relu", "Relu", {deep}), 1);
  const ValueId sum = net.op("add", "Add", {point, stem});
  return quantized(net.finish({net.head("fc", sum)}), kinds, 4);
}

TEST(TrainingPlan, FusedKernelsDoWhatPlainOperatorsDo) {
  for (const Kinds& kinds : {Kinds{}, Kinds{QuantizerKind::kPact, QuantizerKind::kPact},
                             Kinds{QuantizerKind::kMinMax, QuantizerKind::kLsq},
                             Kinds{QuantizerKind::kLsq, QuantizerKind::kMinMax}}) {
    const Graph graph = network_of_equal_bits(kinds);
    const Step plain = step(graph, {.operators = TrainingOperators::kPlain, .threads = 1});
    const Step fused = step(graph, {.operators = TrainingOperators::kFused, .threads = 1});
    const std::string kind(name(kinds.activations));
    EXPECT_TRUE(fused.output.equal(plain.output)) << kind;
    ASSERT_EQ(fused.gradients.size(), plain.gradients.size()) << kind;
    for (const auto& [name, gradient] : plain.gradients) {
      const bool is_scale = name.ends_with("_scale");
      EXPECT_LT(distance(fused.gradients.at(name), gradient),
                is_scale ? kCancellation : kReassociation)
          << kind << " " << name;
    }
  }
}

TEST(TrainingPlan, InFloatFusedKernelsDoWhatPlainOperatorsDo) {
  const Graph graph = float_network();
  const Step plain = step(graph, {.operators = TrainingOperators::kPlain, .threads = 1});
  const Step fused = step(graph, {.operators = TrainingOperators::kFused, .threads = 1});
  EXPECT_LT(distance(fused.output, plain.output), kReassociation);
  for (const auto& [name, gradient] : plain.gradients) {
    EXPECT_LT(distance(fused.gradients.at(name), gradient), kReassociation) << name;
  }
}

TEST(TrainingPlan, GradientsOfAFloatNetworkEqualFiniteDifferences) {
  const Graph graph = float_network();
  ParameterStore store(graph);
  TrainingPlan plan(graph, store);
  const at::Tensor x = random_input();
  const auto outputs = plan.run({x});
  torch::autograd::backward({(outputs[0] * outputs[0]).sum()}, {});
  const at::NoGradGuard no_gradients;
  for (const char* name : {"stem.weight", "bn1.gamma", "bn2.beta", "deep.weight", "fc.bias"}) {
    const at::Tensor values = store.find(name)->tensor.data();
    const at::Tensor direction = store.find(name)->tensor.grad();
    const double slope = direction.norm().item<double>();
    const at::Tensor unit = direction / slope;
    constexpr double kStep = 2e-3;
    values.add_(unit, kStep);
    const double above = loss_of(plan.run({x}));
    values.sub_(unit, 2 * kStep);
    const double below = loss_of(plan.run({x}));
    values.add_(unit, kStep);
    constexpr double kCurved = 0.02;  // Of second order in the step, and a few clips passed.
    EXPECT_NEAR((above - below) / (2 * kStep) / slope, 1, kCurved) << name;
  }
}

TEST(TrainingPlan, RepeatsBitForBit) {
  const Graph graph = quantized_network();
  const Step first = step(graph, {.threads = 2});
  const Step second = step(graph, {.threads = 2});
  EXPECT_TRUE(first.output.equal(second.output));
  for (const auto& [name, gradient] : first.gradients) {
    EXPECT_TRUE(gradient.equal(second.gradients.at(name))) << name;
  }
  EXPECT_EQ(first.state, second.state);
}

TEST(TrainingPlan, ComputesWhatInferenceComputesOnceItIsWritten) {
  Graph graph = quantized_network();
  ParameterStore store(graph);
  TrainingPlan plan(graph, store, {.operators = TrainingOperators::kPlain});
  const at::NoGradGuard no_gradients;
  const at::Tensor x = random_input();
  plan.run({x}, {.scales_from_statistics = true});
  const auto outputs = plan.run({x}, {.frozen_batch_norms = true});
  store.write_to(graph);
  const at::Tensor inferred = to_torch(Plan(graph).run({from_torch(x)})[0]);
  // Batch norms are folded in another order, so an element in a few thousand rounds to its
  // neighbour.
  constexpr double kFewElementsMoved = 0.2;
  EXPECT_LT(distance(outputs[0], inferred), kFewElementsMoved);
}

TEST(TrainingPlan, FindsScalesFromStatistics) {
  const Graph graph = quantized_network();
  ParameterStore store(graph);
  TrainingPlan plan(graph, store);
  const at::Tensor& scale = store.find("wide.output_scale")->tensor;
  EXPECT_EQ(scale.item<float>(), 0);
  expect_error(ErrorCode::kInvalidArgument, "its scale is not known yet",
               [&] { plan.run({random_input()}); });
  const auto outputs = plan.run({random_input()}, {.scales_from_statistics = true});
  EXPECT_GT(scale.item<float>(), 0);
  torch::autograd::backward({outputs[0].sum()}, {});
  EXPECT_FALSE(scale.grad().defined());
  EXPECT_TRUE(store.find("wide.weight_scale")->tensor.grad().defined());
  // The ReLU6 starts at its own threshold and then follows what the batch holds.
  EXPECT_LT(store.find("stem.output_scale")->tensor.item<float>(), 6.0F / 15);
}

TEST(TrainingPlan, SharesOneScaleAmongTheInputsOfAnAdd) {
  const Graph graph = quantized_network();
  ParameterStore store(graph);
  TrainingPlan plan(graph, store);
  plan.run({random_input()}, {.scales_from_statistics = true});
  const auto threshold = [&](const char* name) { return store.find(name)->tensor.item<float>(); };
  const float scale = store.find("add.input_scale")->tensor.item<float>();
  EXPECT_FLOAT_EQ(scale, std::max(threshold("point.output_quant.statistic"),
                                  threshold("add.input_quant.statistic")) /
                             8);
}

TEST(TrainingPlan, FreezesBatchNorms) {
  const Graph graph = float_network();
  ParameterStore store(graph);
  TrainingPlan plan(graph, store);
  const at::Tensor before = store.find("bn1.running_mean")->tensor.clone();
  plan.run({random_input()}, {.frozen_batch_norms = true});
  EXPECT_TRUE(store.find("bn1.running_mean")->tensor.equal(before));
  plan.run({random_input()});
  EXPECT_FALSE(store.find("bn1.running_mean")->tensor.equal(before));
}

TEST(TrainingPlan, NamesTheFirstLayerThatIsNotFinite) {
  const Graph graph = float_network();
  ParameterStore store(graph);
  TrainingPlan plan(graph, store);
  EXPECT_FALSE(plan.first_not_finite({random_input()}));
  store.find("deep.weight")->tensor.data().fill_(std::numeric_limits<float>::infinity());
  const auto before = store.state();
  EXPECT_EQ(plan.first_not_finite({random_input()}), "deep");
  EXPECT_EQ(store.state(), before);
}

TEST(TrainingPlan, NamesALayerWithoutGradient) {
  test::Network net;
  const Graph floors = net.finish({net.op("floor", "Floor", {net.conv("stem", net.input())})});
  ParameterStore store(floors);
  expect_error(ErrorCode::kUnsupported, "layer 'floor': Floor in training",
               [&] { TrainingPlan plan(floors, store); });

  test::Network casting;
  const ValueId whole = casting.op("cast", "Cast", {casting.conv("stem", casting.input())},
                                   {{"to", std::int64_t{6}}});
  const Graph casts = casting.finish({whole});
  ParameterStore other(casts);
  TrainingPlan plan(casts, other);
  expect_error(ErrorCode::kUnsupported, "layer 'cast': Cast lets no gradient through",
               [&] { plan.run({random_input()}); });
}

TEST(TrainingPlan, RefusesTheWrongNumberOfInputs) {
  const Graph graph = float_network();
  ParameterStore store(graph);
  TrainingPlan plan(graph, store);
  expect_error(ErrorCode::kInvalidArgument, "0 inputs given, the network has 1",
               [&] { plan.run({}); });
}

TEST(TrainingPlan, TrainsGridsOfOneToEightBits) {
  for (const int bits : {1, 2, 8}) {
    const Step found = step(quantized_network(bits), {.threads = 1});
    for (const auto& [name, gradient] : found.gradients) {
      EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << bits << " " << name;
    }
    EXPECT_GT(found.gradients.at("stem.weight").norm().item<double>(), 0) << bits;
  }
}

}  // namespace
}  // namespace quern
