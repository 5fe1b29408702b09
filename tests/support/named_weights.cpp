#include "tests/support/named_weights.h"

#include <algorithm>

#include "quern/base/error.h"
#include "quern/tensor/transpose.h"
#include "quern/weights/named_layers.h"

namespace quern::test {
namespace {

/// O I H W or O I to the framework's layout.
Tensor to_layout(const WeightedLayer& layer, Framework framework) {
  const Tensor& weight = layer.weights.weight;
  if (framework == Framework::kPyTorch) return weight;
  if (layer.is_linear()) return transposed(weight, {1, 0});
  return layer.groups > 1 ? transposed(weight, {2, 3, 0, 1}) : transposed(weight, {2, 3, 1, 0});
}

}  // namespace

const NameScheme& scheme_of(std::string_view library, std::string_view network) {
  for (const NameScheme& scheme : name_schemes()) {
    if (scheme.library == library && scheme.network == network) return scheme;
  }
  fail(ErrorCode::kInternal, "{} has no names for {}", library, network);
}

std::vector<LayerNames> names_of(const NameScheme& scheme) {
  const Graph graph = make_network(scheme.network, {.input = 32, .seed = std::nullopt});
  return scheme.layers(layer_names(graph, weighted_layers(graph)));
}

std::map<std::string, Tensor> named_weights(const Graph& graph, const NameScheme& scheme) {
  const std::vector<WeightedLayer> layers = weighted_layers(graph);
  const std::vector<LayerNames> names = scheme.layers(layer_names(graph, layers));
  const Suffixes& suffixes = scheme.suffixes;
  std::map<std::string, Tensor> tensors;
  const auto put = [&](const std::string& layer, std::string_view suffix, const Tensor& tensor) {
    tensors[layer + std::string(suffix)] = tensor;
  };
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerWeights& weights = layers[i].weights;
    const auto& kernels = suffixes.weight;
    put(names[i].layer, layers[i].groups > 1 ? kernels.back() : kernels.front(),
        to_layout(layers[i], scheme.framework));
    if (weights.bias) put(names[i].layer, suffixes.bias[0], *weights.bias);
    if (!weights.batchnorm) continue;
    put(names[i].batchnorm, suffixes.gamma[0], weights.batchnorm->gamma);
    put(names[i].batchnorm, suffixes.beta[0], weights.batchnorm->beta);
    put(names[i].batchnorm, suffixes.mean[0], weights.batchnorm->mean);
    put(names[i].batchnorm, suffixes.variance[0], weights.batchnorm->variance);
  }
  return tensors;
}

}  // namespace quern::test
