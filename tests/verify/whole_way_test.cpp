// Networks of every op and width on the whole way: lowered, run by the engine, exported, run as C.
#include <gtest/gtest.h>

#include "quern/calibrate/calibrate.h"
#include "quern/data/synthetic.h"
#include "quern/passes/place_quantizers.h"
#include "quern/verify/verify_integers.h"
#include "tests/support/network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;

/// Gives batch norm `layer` a γ of 0, one below 0, and a channel whose statistics are those of one
/// that never changed.
void make_extreme(Graph& graph, const std::string& layer) {
  const Node& node = graph.node(graph.find_layer(layer).value());
  Tensor gamma = *graph.constant_behind(node.inputs[1]);
  gamma.mutable_data<float>()[0] = 0;
  gamma.mutable_data<float>()[1] = -0.75F;
  Tensor variance = *graph.constant_behind(node.inputs[4]);
  variance.mutable_data<float>()[2] = 0;
  graph.set_constant(node.inputs[1], gamma);
  graph.set_constant(node.inputs[4], variance);
}

/// Group and depthwise convolutions, concat, residual add, pad, resize, a factor per channel,
/// pools, a linear layer and a softmax.
Graph network_of_everything() {
  test::Network net(3, 12, /*seed=*/2);
  const auto integers = [&](const std::string& name, const Integers& values) {
    return net.constant(name, Tensor::of<std::int64_t>({std::ssize(values)}, values));
  };
  const ValueId stem =
      net.op("stem.relu", "Relu", {net.batchnorm("stem.bn", net.conv("stem", net.input()))});
  const ValueId padded = net.op("pad", "Pad", {stem, integers("pads", {0, 0, 1, 0, 0, 0, 0, 1})});
  const ValueId depthwise = net.conv("depthwise", padded, {.channels = 4, .groups = 4});
  const ValueId factor = net.op("factor", "Mul", {depthwise, net.weight("factors", {1, 4, 1, 1})});
  const ValueId deep = net.clip("relu6", net.batchnorm("deep.bn", factor), 0, 6);
  const ValueId grouped = net.conv("grouped", deep, {.channels = 4, .groups = 2, .bias = true});
  const ValueId sum = net.op("add", "Add", {grouped, deep});
  const ValueId joined = net.op("concat", "Concat", {sum, deep}, {{"axis", std::int64_t{1}}});
  const ValueId pooled = net.op("max", "MaxPool", {joined},
                                {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}});
  const std::vector<float> twice = {1, 1, 2, 2};
  const ValueId resized =
      net.op("up", "Resize", {pooled, {}, net.constant("scales", Tensor::of<float>({4}, twice))},
             {{"mode", std::string("nearest")},
              {"coordinate_transformation_mode", std::string("asymmetric")},
              {"nearest_mode", std::string("floor")}});
  const ValueId last = net.conv("last", resized, {.channels = 6, .kernel = 1});
  const ValueId logits = net.head("head", net.op("last.relu", "Relu", {last}));
  Graph graph = net.finish({net.op("softmax", "Softmax", {logits}, {{"axis", std::int64_t{1}}})});
  make_extreme(graph, "stem.bn");
  make_extreme(graph, "deep.bn");
  return graph;
}

class WholeWay : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(WholeWay, IsTheSameIntegersInEveryForm) {
  const auto [weight_bits, activation_bits] = GetParam();
  const test::TemporaryFolder folder;
  write_synthetic_photos(folder.path(), /*count=*/3, /*seed=*/7);
  const std::vector<Sample> samples = read_samples(folder / "list.txt");
  const LoaderOptions loader{.preprocessing = {.resize = 12, .crop = 12}};
  Graph graph = network_of_everything();
  place_quantizers(graph, {.weight_bits = weight_bits, .activation_bits = activation_bits});
  calibrate(graph, samples, {.loader = loader});
  for (const Fold fold : {Fold::kWeights, Fold::kIcn, Fold::kThresholds}) {
    SCOPED_TRACE(name(fold));
    const LowerOptions options{.fold = fold};
    const VerifyReport report = verify_integers(graph, lower(graph, options).model, options,
                                                samples, loader, {CMachine::kHost});
    ASSERT_EQ(report.pairs.size(), 4U);
    for (const FormPair& pair : report.pairs) {
      EXPECT_GT(pair.elements, 0);
      EXPECT_TRUE(pair.holds) << pair.forms[0] << " and " << pair.forms[1] << ": " << pair.differing
                              << ", " << pair.first_layer << pair.cause;
    }
    if (fold == Fold::kThresholds) {
      EXPECT_EQ(report.pairs[0].differing, 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Bits, WholeWay,
                         testing::Values(std::pair(8, 8), std::pair(4, 4), std::pair(2, 2),
                                         std::pair(1, 2)),
                         [](const auto& info) {
                           return fmt::format("W{}A{}", info.param.first, info.param.second);
                         });

}  // namespace
}  // namespace quern
