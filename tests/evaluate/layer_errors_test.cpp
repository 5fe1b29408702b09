#include "quern/evaluate/layer_errors.h"

#include <gmock/gmock.h>

#include "quern/evaluate/output_reference.h"
#include "quern/executor/plan.h"
#include "tests/support/quantized_network.h"
#include "tests/support/temporary_folder.h"

namespace quern {
namespace {

/// Float convolutions of other batch sizes may sum in another order, which moves a ratio of
/// energies by some 1e-6 of itself.
constexpr double kDecibels = 1e-3;

/// The network of which only the Quants in `kept` still round, by layer; all others pass on.
Graph with_quants(const Graph& graph, const std::vector<std::string>& kept) {
  Graph other = graph;
  for (const NodeId id : other.nodes_of("Quant")) {
    const std::string& layer = other.node(id).layer;
    if (std::ranges::find(kept, layer) == kept.end()) other.bypass(id);
  }
  return other;
}

class LayerErrorsTest : public testing::Test {
 protected:
  LayerErrorsTest() : made_(test::quantized_network(folder_.path())) {
    // One picture of the list, so that what is expected takes one run.
    made_.samples.resize(1);
    errors_ = measure_layer_errors(made_.graph, made_.graph, made_.samples, made_.loader);
  }

  const LayerError& error_of(const std::string& layer) const {
    const std::vector<LayerGroup> groups = layer_groups(made_.graph);
    const auto found = std::ranges::find(groups, layer, &LayerGroup::layer);
    return errors_.layers.at(static_cast<std::size_t>(found - groups.begin()));
  }

  /// What a network computes at the output of the Quant `layer`, or at its own output.
  Tensor value(const Graph& graph, QuantMode mode, const std::string& layer) const {
    const std::optional<NodeId> node = made_.graph.find_layer(layer);
    const ValueId shown = node ? made_.graph.node(*node).outputs[0] : made_.graph.outputs()[0];
    const ValueId in_graph = *graph.find_value(made_.graph.value(shown).name);
    Tensor found;
    const Plan plan(graph, {.mode = mode, .taps = {in_graph}});
    for_each_batch(made_.samples, made_.loader, [&](int, const Batch& batch) {
      plan.run({batch.images}, [&](ValueId, const TensorView& view) { found = view.to_tensor(); });
    });
    return found;
  }

  static double db(const Tensor& expected, const Tensor& found) {
    double signal = 0;
    double noise = 0;
    for (std::size_t i = 0; i < expected.data<float>().size(); ++i) {
      const double difference = double{expected.data<float>()[i]} - double{found.data<float>()[i]};
      signal += double{expected.data<float>()[i]} * double{expected.data<float>()[i]};
      noise += difference * difference;
    }
    return ratio_db(signal, noise);
  }

  test::TemporaryFolder folder_;
  test::QuantizedNetwork made_;
  LayerErrors errors_;
};

TEST_F(LayerErrorsTest, OneLayerAloneIsTheNetworkWithItsQuantsOnly) {
  for (const std::string layer : {"stem", "wide", "narrow", "add"}) {
    const std::string quant = layer + ".output_quant";
    const Graph alone = with_quants(made_.graph, {layer + ".weight_quant", quant});
    const Tensor expected = value(made_.graph, QuantMode::kFloat, quant);
    EXPECT_NEAR(*error_of(layer).alone_db, db(expected, value(alone, QuantMode::kFakeQuant, quant)),
                kDecibels)
        << layer;
    EXPECT_NEAR(
        *error_of(layer).effect_db,
        db(value(made_.graph, QuantMode::kFloat, ""), value(alone, QuantMode::kFakeQuant, "")),
        kDecibels)
        << layer;
  }
}

TEST_F(LayerErrorsTest, TogetherIsTheWholeQuantizedNetwork) {
  for (const std::string layer : {"stem", "wide", "narrow", "add"}) {
    const std::string quant = layer + ".output_quant";
    EXPECT_NEAR(*error_of(layer).together_db,
                db(value(made_.graph, QuantMode::kFloat, quant),
                   value(made_.graph, QuantMode::kFakeQuant, quant)),
                kDecibels)
        << layer;
  }
  const double logits =
      db(value(made_.graph, QuantMode::kFloat, ""), value(made_.graph, QuantMode::kFakeQuant, ""));
  EXPECT_NEAR(*errors_.output_db, logits, kDecibels);
  EXPECT_NEAR(OutputReference(made_.graph, made_.samples, made_.loader).sqnr_db(made_.graph),
              logits, kDecibels);
}

TEST_F(LayerErrorsTest, GridsAreHeldAgainstTheFloatValues) {
  const Tensor floats = value(made_.graph, QuantMode::kFloat, "stem.output_quant");
  const std::vector<LayerGroup> groups = layer_groups(made_.graph);
  const QuantizerId grid = std::ranges::find(groups, "stem", &LayerGroup::layer)->output_grid;
  GridTally expected(made_.graph.quantizer(grid).spec);
  expected.add(floats.data<float>(), made_.graph.quantizer(grid).spec,
               made_.graph.params(grid).scale[0], 0);

  const ActivationOnGrid& found = *error_of("stem").on_grid;

  EXPECT_EQ(found.float_values.count, expected.count);
  EXPECT_EQ(found.float_values.clipped, expected.clipped);
  EXPECT_EQ(found.float_values.histogram, expected.histogram);
  EXPECT_EQ(error_of("stem").high, std::ranges::max(floats.data<float>()));
}

TEST_F(LayerErrorsTest, AreTheSameForAnyNumberOfThreads) {
  const std::vector<Sample> samples = read_samples(folder_ / "list.txt");
  const auto figures = [&](int threads) {
    LoaderOptions loader = made_.loader;
    loader.threads = threads;
    std::vector<std::optional<double>> found;
    const LayerErrors errors = measure_layer_errors(made_.graph, made_.graph, samples, loader);
    for (const LayerError& layer : errors.layers) {
      found.insert(found.end(), {layer.alone_db, layer.effect_db, layer.together_db});
    }
    found.push_back(errors.output_db);
    return found;
  };
  EXPECT_EQ(figures(1), figures(3));
}

TEST_F(LayerErrorsTest, ALayerThatTheReferenceLacksHasNoFigures) {
  Graph reference = made_.graph;
  const NodeId quant = *reference.find_layer("wide.output_quant");
  reference.bypass(quant);  // Its output has no counterpart now.
  const LayerErrors errors =
      measure_layer_errors(made_.graph, reference, made_.samples, made_.loader);
  const std::vector<LayerGroup> groups = layer_groups(made_.graph);
  const auto wide = std::ranges::find(groups, "wide", &LayerGroup::layer) - groups.begin();
  EXPECT_FALSE(errors.layers[static_cast<std::size_t>(wide)].alone_db.has_value());
  EXPECT_NEAR(*errors.output_db, *errors_.output_db, kDecibels);
}

}  // namespace
}  // namespace quern
