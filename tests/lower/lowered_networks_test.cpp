// Integer networks against the fake-quant networks that they were made of.
#include <gtest/gtest.h>

#include "tests/support/lowered_network.h"

namespace quern {
namespace {

using test::CodeDifferences;

class LoweredNetworks : public test::LoweredNetwork {
 protected:
  /// A code apart, in at most 0.1 %.
  void expect_close(const Graph& graph, const LowerOptions& options) const {
    const LoweredModel lowered = lower(graph, options);
    const CodeDifferences found = compare(graph, lowered.model);
    EXPECT_GT(found.elements, 0);
    EXPECT_LE(found.largest, 1) << found.first_layer;
    EXPECT_LE(found.differing, found.elements / 1000)
        << "of " << found.elements << ", first in " << found.first_layer;
  }
};

TEST_F(LoweredNetworks, StayWithinACodeOfFakeQuant) {
  constexpr std::pair<int, int> kBits[] = {{8, 8}, {4, 8}, {4, 4}, {2, 2}, {1, 4}};
  for (const auto& [weight_bits, activation_bits] : kBits) {
    SCOPED_TRACE(fmt::format("W{}A{}", weight_bits, activation_bits));
    for (const Graph& network : {test::resnet(), test::branching_network()}) {
      const Graph graph = quantized(network, weight_bits, activation_bits);
      for (const Fold fold : {Fold::kWeights, Fold::kIcn, Fold::kThresholds}) {
        SCOPED_TRACE(name(fold));
        expect_close(graph, {.fold = fold});
      }
    }
  }
}

TEST_F(LoweredNetworks, OfAnyShapeStayWithinACodeOfFakeQuant) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = quantized(test::random_network(seed), 8, 8);
    expect_close(graph, {.fold = Fold::kIcn});
    expect_close(graph, {.fold = Fold::kThresholds});
  }
}

}  // namespace
}  // namespace quern
