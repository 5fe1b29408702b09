#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quern/base/random.h"
#include "quern/graph/graph.h"
#include "quern/zoo/zoo.h"

namespace quern {

/// Builds a float network layer by layer, with seeded weights.
///
/// Every edge carries what its elements look like in expectation, as if they were independent:
/// that is what batch norms get as their statistics.
class NetworkBuilder {
 public:
  struct Edge {
    ValueId value;
    std::int64_t channels = 0;
    double mean = 0;      ///< Of an element.
    double variance = 1;  ///< Of an element.
  };

  struct Conv {
    std::int64_t channels = 0;  ///< Of the output.
    std::int64_t kernel = 1;
    std::int64_t stride = 1;
    std::int64_t groups = 1;
  };

  /// Adds the input of three channels and the preprocessing that belongs to its extent.
  /// @param options  Complete, as ZooEntry::make takes them.
  NetworkBuilder(std::string name, const ZooOptions& options);

  Edge input() const { return input_; }

  /// A bias-free convolution `layer` padded by half its kernel, and the batch norm `batchnorm`
  /// behind it.
  Edge conv_batchnorm(const std::string& layer, const std::string& batchnorm, const Conv& conv,
                      const Edge& from);
  Edge relu6(const std::string& layer, const Edge& from);
  Edge add(const std::string& layer, const Edge& left, const Edge& right);

  /// The head: mean over height and width, Flatten, and the linear `layer`. @return the network.
  Graph finish(const std::string& layer, const Edge& from) &&;

 private:
  /// `count` channels × `fan_in` weights of variance 2 / fan_in (He et al., arXiv:1502.01852).
  std::vector<float> draw_weights(std::int64_t count, std::int64_t fan_in);
  ValueId add_node(const std::string& layer, std::string op, std::vector<ValueId> inputs,
                   std::map<std::string, Attribute> attributes = {});
  ValueId add_vector(const std::string& name, const std::vector<float>& values);

  Graph graph_;
  Random random_;
  int classes_;
  Edge input_;
  ValueId zero_;  ///< The bounds of every ReLU6.
  ValueId six_;
};

}  // namespace quern
