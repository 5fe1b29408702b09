#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "quern/base/random.h"
#include "quern/graph/graph.h"

namespace quern::test {

/// Builds a small float network layer by layer with seeded random weights. Each call adds a node
/// whose layer is `layer` and returns its output.
class Network {
 public:
  /// One input "input", [N, channels, extent, extent].
  explicit Network(std::int64_t channels = 3, std::int64_t extent = 8, std::uint64_t seed = 0);

  ValueId input() const { return graph_.inputs().front(); }

  struct Conv {
    std::int64_t channels = 4;
    std::int64_t kernel = 3;
    std::int64_t stride = 1;
    std::int64_t groups = 1;
    bool bias = false;
  };

  ValueId conv(const std::string& layer, ValueId from, const Conv& shape);
  ValueId conv(const std::string& layer, ValueId from) { return conv(layer, from, Conv()); }
  ValueId batchnorm(const std::string& layer, ValueId from);
  ValueId clip(const std::string& layer, ValueId from, float low, float high);
  /// Global average pool, Flatten and a Gemm `layer`.
  ValueId head(const std::string& layer, ValueId from, std::int64_t classes = 5);
  /// Any op on any inputs.
  ValueId op(const std::string& layer, const std::string& op, std::vector<ValueId> inputs,
             std::map<std::string, Attribute> attributes = {});
  ValueId constant(const std::string& name, Tensor tensor);
  /// A float constant of small random numbers.
  ValueId weight(const std::string& name, Shape shape);

  /// Channels of a value; shapes are inferred up to here.
  std::int64_t channels(ValueId value);

  /// The network with these outputs, shapes inferred, verified.
  Graph finish(const std::vector<ValueId>& outputs);

 private:
  Graph graph_;
  Random random_;
};

/// Stem, an identity block and a block with a strided shortcut, as in ResNet-8: the first add joins
/// an unsigned and a signed value.
Graph resnet(std::uint64_t seed = 0);

/// Convolutions, batch norms, activations, adds and concats in random order.
Graph random_network(std::uint64_t seed);

/// The Quant node that reads the weight of `layer`, the quantizer of a Quant node by its layer.
const Quantizer& quantizer_of(const Graph& graph, const std::string& quant_layer);

}  // namespace quern::test
