#include "quern/executor/plan.h"

#include <gmock/gmock.h>

#include <cmath>
#include <thread>
#include <utility>

#include "quern/base/random.h"
#include "quern/ops/op_def.h"
#include "quern/quantizers/fake_quant.h"
#include "quern/tensor/transpose.h"
#include "tests/support/expect_error.h"

namespace quern {
namespace {

/// Products of unit-normal numbers, some hundred of them summed in another order.
constexpr float kReassociation = 1e-5F;

Tensor random_tensor(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Tensor tensor(DType::kFloat32, shape);
  for (float& value : tensor.mutable_data<float>()) value = static_cast<float>(random.normal());
  return tensor;
}

/// A network under construction, of one input [N, channels, 6, 5].
struct Net {
  Graph graph;
  ValueId last;

  explicit Net(std::int64_t channels = 3) {
    last = graph.add_input("x", DType::kFloat32, {{-1, "N"}, {channels}, {6}, {5}});
  }

  ValueId constant(Tensor tensor) { return graph.add_constant("c", std::move(tensor)); }

  ValueId add(std::string op, std::vector<ValueId> others = {},
              std::map<std::string, Attribute> attributes = {}) {
    Node node{.op = std::move(op), .inputs = {last}, .attributes = std::move(attributes)};
    node.inputs.insert(node.inputs.end(), others.begin(), others.end());
    last = graph.add_value("v");
    node.outputs = {last};
    graph.add_node(node);
    return last;
  }

  void conv(std::int64_t out, std::int64_t in, std::uint64_t seed) {
    add("Conv", {constant(random_tensor({out, in, 3, 3}, seed))},
        {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
  }

  void batch_normalization(std::int64_t channels, std::uint64_t seed) {
    Tensor variance = random_tensor({channels}, seed + 3);
    for (float& value : variance.mutable_data<float>()) value = 0.5F + value * value;
    add("BatchNormalization",
        {constant(random_tensor({channels}, seed)), constant(random_tensor({channels}, seed + 1)),
         constant(random_tensor({channels}, seed + 2)), constant(variance)});
  }

  QuantizerId quantizer(const QuantSpec& spec, std::vector<float> scale,
                        QuantizerKind kind = QuantizerKind::kCalibrated) {
    const ScaleId id = graph.add_scale({.name = "s", .values = std::move(scale)});
    return graph.add_quantizer({.name = "q", .kind = kind, .spec = spec, .scale = id});
  }

  void quant(QuantizerId id) {
    const ValueId output = graph.add_value("q");
    graph.add_node({.op = "Quant", .inputs = {last}, .outputs = {output}, .quantizer = id});
    last = output;
  }

  Graph finished() {
    graph.add_output(last);
    infer_shapes(graph);
    return graph;
  }
};

Tensor run(const Graph& graph, const Tensor& x, QuantMode mode = QuantMode::kFakeQuant) {
  return Plan(graph, {.mode = mode, .taps = {}}).run({x})[0];
}

void expect_near(const Tensor& given, const Tensor& wanted, float tolerance) {
  ASSERT_EQ(given.shape(), wanted.shape());
  for (std::size_t i = 0; i < wanted.data<float>().size(); ++i) {
    ASSERT_NEAR(given.data<float>()[i], wanted.data<float>()[i], tolerance) << "element " << i;
  }
}

/// Relu(BatchNormalization(x)) by the formula, in double.
Tensor normalized(const Graph& graph, const Tensor& x) {
  const Node& bn = graph.node(graph.nodes_of("BatchNormalization")[0]);
  const auto parameter = [&](std::size_t i) {
    return graph.value(bn.inputs[i]).constant->data<float>();
  };
  Tensor y(DType::kFloat32, x.shape());
  const auto plane = static_cast<std::size_t>(x.shape()[2] * x.shape()[3]);
  for (std::size_t i = 0; i < x.data<float>().size(); ++i) {
    const std::size_t c = i / plane % static_cast<std::size_t>(x.shape()[1]);
    const double a = parameter(1)[c] / std::sqrt(parameter(4)[c] + 1e-5F);
    const double value = (x.data<float>()[i] - parameter(3)[c]) * a + parameter(2)[c];
    y.mutable_data<float>()[i] = static_cast<float>(std::max(value, 0.0));
  }
  return y;
}

TEST(Plan, FusesNormalizationActivationAndQuantWithoutChangingThem) {
  Net net;
  net.batch_normalization(3, 1);
  const ValueId normal = net.last;
  net.add("Relu");
  const ValueId active = net.last;
  net.quant(net.quantizer({.bits = 4, .is_signed = false}, {0.2F}));
  const Graph graph = net.finished();
  const Tensor x = random_tensor({2, 3, 6, 5}, 9);

  std::map<ValueId, Tensor> shown;
  const Plan stepwise(graph, {.taps = {normal, active, net.last}});
  const Tensor y = stepwise.run(
      {x}, [&](ValueId value, const TensorView& view) { shown[value] = view.to_tensor(); })[0];

  EXPECT_EQ(run(graph, x), y);
  EXPECT_EQ(shown.at(net.last), y);
  EXPECT_EQ(fake_quant(shown.at(active), {.bits = 4, .is_signed = false}, {{0.2F}, {0}}), y);
  expect_near(shown.at(active), normalized(graph, x), kReassociation);
}

TEST(Plan, FusesConvolutionsWithWhatFollowsWithoutChangingThem) {
  for (const std::int64_t group : {1, 6}) {
    for (const std::int64_t kernel : {1, 3}) {
      Net net(6);
      net.add("Conv",
              {net.constant(random_tensor({6, 6 / group, kernel, kernel}, 3)),
               net.constant(random_tensor({6}, 4))},
              {{"group", group}, {"pads", std::vector<std::int64_t>(4, kernel / 2)}});
      const ValueId sum = net.last;
      net.batch_normalization(6, 1);
      net.add("Relu");
      net.quant(net.quantizer({.bits = 4, .is_signed = false}, {0.2F}));
      const Graph graph = net.finished();
      const Plan fused(graph);
      const Plan stepwise(graph, {.taps = {sum}});
      // Of several sizes, the last as the first.
      for (const std::int64_t images : {2, 1, 3, 2}) {
        const Tensor x = random_tensor({images, 6, 6, 5}, 9);
        EXPECT_EQ(fused.run({x})[0], stepwise.run({x})[0]) << group << ", " << kernel;
      }
    }
  }
}

TEST(Plan, RunsTheFloatNetworkWithTheClipThatItsQuantizersStandFor) {
  Net net;
  net.quant(net.quantizer({.bits = 8}, {}));  // Not known, and not needed in float.
  net.add("Relu");
  net.quant(net.quantizer({.bits = 8, .is_signed = false}, {0.5F / 255}, QuantizerKind::kConstant));
  const Tensor x = random_tensor({1, 3, 6, 5}, 2);
  Tensor clipped = x;
  for (float& value : clipped.mutable_data<float>()) {
    value = std::min(std::max(value, 0.0F), 255 * (0.5F / 255));
  }
  EXPECT_EQ(run(net.finished(), x, QuantMode::kFloat), clipped);
}

TEST(Plan, QuantizesWeightsOncePerChannel) {
  Net net;
  const QuantSpec spec{.bits = 3, .narrow_range = true, .granularity = Granularity::kPerChannel};
  const Tensor weight = random_tensor({2, 3, 1, 1}, 5);
  const std::vector<float> scale = {0.3F, 0.7F};
  const ValueId image = net.last;
  net.last = net.constant(weight);
  net.quant(net.quantizer(spec, scale));
  const ValueId quantized = net.last;
  net.last = image;
  net.add("Conv", {quantized});

  Net plain;
  plain.add("Conv", {plain.constant(fake_quant(weight, spec, {scale, {0}}))});
  const Tensor x = random_tensor({1, 3, 6, 5}, 6);
  EXPECT_EQ(run(net.finished(), x), run(plain.finished(), x));
}

TEST(Plan, QuantizesABiasThatHasOneScale) {
  Net net(1);
  net.add("Flatten", {}, {{"axis", std::int64_t{1}}});
  const ValueId x = net.last;
  const ValueId weight = net.constant(Tensor(DType::kFloat32, {30, 2}));
  net.last = net.constant(Tensor::of<float>({2}, {0.8F, -1.3F}));
  net.quant(net.quantizer({.bits = 8}, {0.5F}));
  const ValueId bias = net.last;
  net.last = x;
  net.add("Gemm", {weight, bias});

  const Tensor y = run(net.finished(), random_tensor({1, 1, 6, 5}, 0));
  EXPECT_EQ(to_vector<float>(y), (std::vector<float>{1.0F, -1.5F}));
}

TEST(Plan, LeavesAValueAloneThatSomebodyElseReads) {
  Net net;
  net.add("Relu");
  const ValueId shared = net.last;
  net.quant(net.quantizer({.bits = 2, .is_signed = false}, {1.0F}));
  net.add("Add", {shared});
  const Tensor x = random_tensor({1, 3, 6, 5}, 3);
  const Tensor y = run(net.finished(), x);
  for (std::size_t i = 0; i < x.data<float>().size(); ++i) {
    const float active = std::max(x.data<float>()[i], 0.0F);
    EXPECT_EQ(y.data<float>()[i],
              fake_quant(active, {.bits = 2, .is_signed = false}, 1.0F) + active);
  }
}

TEST(Plan, AddsAValueToItself) {
  Net net;
  const ValueId active = net.add("Relu");
  net.add("Add", {active});
  const Tensor x = random_tensor({1, 3, 6, 5}, 3);
  const Tensor y = run(net.finished(), x);
  EXPECT_EQ(y.data<float>()[4], 2 * std::max(x.data<float>()[4], 0.0F));
}

TEST(Plan, DoesNotOverwriteItsInput) {
  Net net;
  net.add("Relu");
  const Tensor x = random_tensor({1, 3, 6, 5}, 3);
  const Tensor copy = Tensor::of<float>(x.shape(), x.data<float>());
  run(net.finished(), x);
  EXPECT_EQ(x, copy);
}

TEST(Plan, ReadsMemoryOfEitherOrderAndDoesNotOverwriteIt) {
  Net net;
  const ValueId active = net.add("Relu");
  const Plan plan(net.finished(), {.taps = {active}});
  const Tensor x = random_tensor({2, 3, 6, 5}, 3);
  const Tensor last = transposed(x, {0, 2, 3, 1});
  const Tensor wanted = plan.run({x})[0];
  for (const bool channels_last : {false, true}) {
    const Tensor& given = channels_last ? last : x;
    std::vector<float> memory = to_vector<float>(given);
    Tensor shown;
    plan.run(std::vector<TensorView>{{memory, x.shape(), channels_last}},
             [&](ValueId, const TensorView& view) { shown = view.to_tensor(); });
    EXPECT_EQ(shown, wanted);
    EXPECT_EQ(memory, to_vector<float>(given));
  }
}

TEST(Plan, GivesTheSameForAnyBatchAndThread) {
  Net net;
  net.conv(8, 3, 1);
  net.batch_normalization(8, 2);
  net.add("Relu");
  net.add("GlobalAveragePool");
  net.add("Flatten", {}, {{"axis", std::int64_t{1}}});
  const Plan plan(net.finished());
  const Tensor x = random_tensor({4, 3, 6, 5}, 3);
  const Tensor whole = plan.run({x})[0];
  std::vector<Tensor> again(3);
  std::vector<std::thread> threads;
  for (Tensor& result : again) {
    threads.emplace_back([&] { result = plan.run({x})[0]; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(again, testing::Each(whole));

  Tensor first(DType::kFloat32, {1, 3, 6, 5});
  std::copy_n(x.data<float>().begin(), 90, first.mutable_data<float>().begin());
  const Tensor alone = plan.run({first})[0];
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(alone.data<float>()[i], whole.data<float>()[i], kReassociation);
  }
}

TEST(Plan, ShowsInputsAndConstantsThatAreTapped) {
  Net net;
  const ValueId input = net.last;
  net.add("Relu");
  const Plan plan(net.finished(), {.taps = {input}});
  const Tensor x = random_tensor({1, 3, 6, 5}, 3);
  Tensor shown;
  plan.run({x}, [&](ValueId, const TensorView& view) { shown = view.to_tensor(); });
  EXPECT_EQ(shown, x);
}

TEST(Plan, NamesTheLayerOfAnOpItLacks) {
  Net net;
  net.add("Shape");
  net.graph.add_output(net.last);
  net.graph.set_layer(net.graph.nodes()[0], "odd");
  test::expect_error(ErrorCode::kUnsupported, "layer 'odd': Shape", [&] { Plan{net.graph}; });
}

TEST(Plan, RefusesAScaleThatIsNotKnown) {
  Net net;
  net.quant(net.quantizer({.bits = 8}, {}));
  test::expect_error(ErrorCode::kInvalidArgument, "quantizer 'q'", [&] { Plan{net.finished()}; });
}

TEST(Plan, NamesTheInputOfAnotherShape) {
  Net net;
  net.add("Relu");
  const Plan plan(net.finished());
  for (const Tensor& wrong :
       {Tensor(DType::kFloat32, {1, 4, 6, 5}), Tensor(DType::kUint8, {1, 3, 6, 5}),
        Tensor(DType::kFloat32, {3, 6, 5})}) {
    test::expect_error(ErrorCode::kInvalidArgument, "input 'x'", [&] { plan.run({wrong}); });
  }
  test::expect_error(ErrorCode::kInvalidArgument, "0 inputs", [&] { plan.run({}); });
}

TEST(Plan, RefusesResultsOfNoNetworksSizeBeforeItAllocates) {
  const auto padded = [](std::int64_t border) {
    Net net;
    const std::vector<std::int64_t> pads = {0, 0, 0, 0, 0, 0, border, border};
    net.add("Pad", {net.constant(Tensor::of<std::int64_t>({8}, pads))});
    net.graph.add_output(net.last);
    infer_shapes(net.graph);
    return net.graph;
  };
  EXPECT_NO_THROW(Plan{padded(8000)});
  test::expect_error(ErrorCode::kUnsupported, "layer 'Pad_0': the result of Pad is [N, 3, 100006",
                     [&] { Plan{padded(100'000)}; });
}

TEST(Plan, RefusesToComputeMuchFromFewConstants) {
  Net net;
  const ValueId row = net.constant(Tensor(DType::kFloat32, {1, 3000}));
  const ValueId column = net.constant(Tensor(DType::kFloat32, {3000, 1}));
  const ValueId input = std::exchange(net.last, column);
  const ValueId product = net.add("MatMul", {row});
  net.last = input;
  net.add("Add", {net.constant(Tensor(DType::kFloat32, {1}))});
  net.graph.add_output(product);
  net.graph.add_output(net.last);
  infer_shapes(net.graph);
  test::expect_error(ErrorCode::kUnsupported, "which is 9000000 elements (at most 1048576)",
                     [&] { Plan{net.graph}; });
}

}  // namespace
}  // namespace quern
