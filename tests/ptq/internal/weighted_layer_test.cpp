#include "quern/ptq/internal/weighted_layer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "tests/support/calibrated_network.h"

namespace quern {
namespace {

using internal::column_slices;
using internal::ColumnSlice;
using internal::WeightedLayer;

class WeightedLayers : public test::CalibratedNetwork {
 protected:
  static WeightedLayer layer(const Graph& graph, const std::string& name) {
    for (WeightedLayer& layer : internal::weighted_layers(graph)) {
      if (layer.layer == name) return layer;
    }
    throw std::invalid_argument(name);
  }

  /// Shows what a layer reads of the first batch.
  void show_input(const Graph& graph, const WeightedLayer& layer, const auto& show) const {
    const Plan plan(graph, {.mode = QuantMode::kFloat, .taps = {layer.input}});
    for_each_batch(data_.samples, data_.loader, [&](int, const Batch& batch) {
      if (batch.index > 0) return;
      plan.run({batch.images}, [&](ValueId, const TensorView& view) { show(view); });
    });
  }
};

const std::vector<std::string> kLayers = {"stem", "depthwise", "point", "grouped", "strided", "fc"};

TEST_F(WeightedLayers, HaveTheSameColumnsInSlicesOfAnySize) {
  const Graph graph = test::branching_network();
  for (const std::string& name : kLayers) {
    const WeightedLayer each = layer(graph, name);
    show_input(graph, each, [&](const TensorView& view) {
      const auto together = [&](std::int64_t bytes, std::size_t at_least) {
        std::vector<at::Tensor> parts;
        for (const ColumnSlice& slice : column_slices(each, view.shape, bytes)) {
          parts.push_back(internal::input_columns(each, view, slice));
        }
        EXPECT_GE(parts.size(), each.window ? at_least : 1) << name;
        return at::cat(parts, 1);
      };
      const at::Tensor whole = together(std::int64_t{1} << 30, 1);
      const std::int64_t picture = whole.numel() * 4 / view.shape[0];
      EXPECT_TRUE(at::equal(together(picture, 4), whole)) << name;
      EXPECT_TRUE(at::equal(together(2 * picture, 2), whole)) << name;
      EXPECT_TRUE(at::equal(together(picture / 2, 8), whole)) << name;
      EXPECT_TRUE(at::equal(together(1, 16), whole)) << name;
    });
  }
}

TEST_F(WeightedLayers, SumTheirColumnsWithoutLayingThemOut) {
  constexpr double kTolerance = 1e-4;  // Float32 sums of 256 terms of about 1.
  const Graph graph = test::branching_network();
  for (const std::string& name : kLayers) {
    const WeightedLayer each = layer(graph, name);
    show_input(graph, each, [&](const TensorView& view) {
      const at::Tensor columns =
          internal::input_columns(each, view, column_slices(each, view.shape).at(0));
      const auto [sum, count] = internal::column_sum(each, view);
      EXPECT_EQ(count, columns.size(1)) << name;
      EXPECT_LT((sum - columns.sum(1)).abs().max().item<double>(), kTolerance) << name;
    });
  }
}

}  // namespace
}  // namespace quern
