#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quern/base/random.h"
#include "quern/graph/graph.h"
#include "quern/zoo/zoo.h"

namespace quern {

/// Builds a float network layer by layer, with seeded weights and a framework's conventions.
///
/// Every edge carries what its elements look like in expectation, as if they were independent:
/// that is what batch norms get as their statistics.
class NetworkBuilder {
 public:
  struct Edge {
    ValueId value;
    std::int64_t channels = 0;
    std::int64_t extent = 0;  ///< Height and width (unit: pixels).
    double mean = 0;          ///< Of an element.
    double variance = 1;      ///< Of an element.
  };

  struct Conv {
    std::int64_t channels = 0;  ///< Of the output.
    std::int64_t kernel = 1;
    std::int64_t stride = 1;
    std::int64_t groups = 1;
    bool bias = false;
  };

  /// Adds the input of three channels, and the preprocessing of ImageNet classifiers.
  /// @param options  Complete, as ZooEntry::make takes them.
  NetworkBuilder(std::string name, const ZooOptions& options);

  Edge input() const { return input_; }
  /// For networks that read their pictures otherwise.
  Preprocessing& preprocessing() { return *graph_.preprocessing; }

  Edge conv(const std::string& layer, const Conv& conv, const Edge& from);
  /// A convolution `layer` and the batch norm `batchnorm` behind it.
  Edge conv_batchnorm(const std::string& layer, const std::string& batchnorm, const Conv& conv,
                      const Edge& from);
  Edge relu(const std::string& layer, const Edge& from);
  Edge relu6(const std::string& layer, const Edge& from);
  Edge add(const std::string& layer, const Edge& left, const Edge& right);

  /// The head: mean over height and width, Flatten, and the linear `layer`. @return the network.
  Graph finish(const std::string& layer, const Edge& from) &&;

 private:
  struct Moments {
    double sum = 0;      ///< Of the weights of one output channel.
    double squares = 0;  ///< Of their squares.
  };

  /// `count` channels × `fan_in` weights of variance 2 / fan_in (He et al., arXiv:1502.01852).
  std::vector<float> draw_weights(std::int64_t count, std::int64_t fan_in);
  /// A Conv node. @param moments  Filled for every output channel unless null.
  Edge add_conv(const std::string& layer, const Conv& conv, const Edge& from,
                std::vector<Moments>* moments);
  /// Top, left, bottom, right.
  std::vector<std::int64_t> pads(const Conv& conv, std::int64_t extent) const;
  ValueId add_node(const std::string& layer, std::string op, std::vector<ValueId> inputs,
                   std::map<std::string, Attribute> attributes = {});
  ValueId add_vector(const std::string& name, const std::vector<float>& values);

  Graph graph_;
  std::optional<Random> random_;  ///< None: all weights are 0.
  Framework framework_;
  int classes_;
  Edge input_;
  ValueId zero_;  ///< The bounds of every ReLU6; none before the first.
  ValueId six_;
};

/// `channels` rounded to a multiple of `divisor`, at least one, and never down by more than 10 %.
int make_divisible(double channels, int divisor);

}  // namespace quern
