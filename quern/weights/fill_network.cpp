#include "quern/weights/fill_network.h"

#include "quern/base/error.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

void fill_bias(Graph& graph, const WeightedLayer& layer, const std::optional<Tensor>& bias) {
  const Node node = graph.node(layer.node);
  const bool has_bias = node.inputs.size() > 2;
  if (!bias) {
    if (has_bias) graph.remove_input(node.id, 2);
  } else if (has_bias) {
    graph.set_constant(node.inputs[2], *bias);
  } else {
    graph.append_input(node.id, graph.add_constant(node.layer + ".bias", *bias));
  }
}

void fill_batchnorm(Graph& graph, NodeId batchnorm, const BatchNormWeights& weights) {
  const std::vector<ValueId> inputs = graph.node(batchnorm).inputs;
  graph.set_constant(inputs[1], weights.gamma);
  graph.set_constant(inputs[2], weights.beta);
  graph.set_constant(inputs[3], weights.mean);
  graph.set_constant(inputs[4], weights.variance);
  if (weights.epsilon) graph.set_attribute(batchnorm, "epsilon", *weights.epsilon);
}

}  // namespace

FillReport fill_network(Graph& graph, const std::vector<WeightedLayer>& layers,
                        const std::vector<LayerWeights>& weights) {
  ensure(layers.size() == weights.size(), "{} layers are filled with {}", layers.size(),
         weights.size());
  FillReport report{.layers = layers.size()};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const WeightedLayer& layer = layers[i];
    const LayerWeights& source = weights[i];
    graph.set_constant(graph.node(layer.node).inputs[1], source.weight);
    fill_bias(graph, layer, source.bias);
    if (source.batchnorm && layer.batchnorm) {
      fill_batchnorm(graph, layer.batchnorm, *source.batchnorm);
      ++report.batchnorms;
    } else if (source.batchnorm) {
      fail(ErrorCode::kUnsupported,
           "behind layer '{}' stands a batch norm, behind the zoo's '{}' none", source.layer,
           layer.weights.layer);
    } else if (layer.batchnorm) {
      graph.bypass(layer.batchnorm);
      ++report.folded;
    }
  }
  graph.erase_dead();
  infer_shapes(graph);
  verify(graph);
  return report;
}

}  // namespace quern
