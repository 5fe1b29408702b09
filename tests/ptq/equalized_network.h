#pragma once

#include <algorithm>
#include <cmath>

#include "tests/support/calibrated_network.h"

namespace quern::test {

/// Float networks that are scaled, and what they compute on the photos.
class EqualizedNetwork : public CalibratedNetwork {
 protected:
  /// Two roundings of every weight (2⁻²³ together) through ten layers, whose sums of both signs
  /// cancel to a tenth of their terms: relative to the largest output.
  static constexpr double kTolerance = 10 * 10 * 0x1p-23;

  void expect_same_function(const Graph& before, const Graph& after) const {
    for (std::size_t i = 0; i < before.outputs().size(); ++i) {
      const auto expected = values(before, QuantMode::kFloat, before.outputs()[i]);
      const auto found = values(after, QuantMode::kFloat, after.outputs()[i]);
      for (std::size_t batch = 0; batch < expected.size(); ++batch) {
        expect_close(expected[batch], found[batch]);
      }
    }
  }

  /// Constant `input` of a layer.
  static std::vector<float> constant(const Graph& graph, const std::string& layer,
                                     std::size_t input = 1) {
    return to_vector<float>(
        *graph.constant_behind(graph.node(graph.find_layer(layer).value()).inputs.at(input)));
  }

 private:
  static void expect_close(const Tensor& expected, const Tensor& found) {
    ASSERT_EQ(expected.shape(), found.shape());
    double largest = 0;
    double difference = 0;
    for (std::size_t i = 0; i < expected.data<float>().size(); ++i) {
      const double x = expected.data<float>()[i];
      largest = std::max(largest, std::abs(x));
      difference = std::max(difference, std::abs(x - found.data<float>()[i]));
    }
    EXPECT_LE(difference, kTolerance * largest);
  }
};

}  // namespace quern::test
