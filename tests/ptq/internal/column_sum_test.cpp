#include "quern/ptq/internal/column_sum.h"

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "tests/ptq/internal/layer_inputs.h"

namespace quern {
namespace {

using internal::WeightedLayer;

constexpr double kTolerance = 1e-5;  // Float32 sums of a row of 8 terms of about 1.

class ColumnSum : public test::LayerInputs {};

TEST_F(ColumnSum, IsThatOfTheColumnsLaidOut) {
  show_inputs([](const WeightedLayer& layer, const TensorView& view) {
    const at::Tensor columns =
        columns_of(layer, view, internal::column_slices(layer, view.shape)).to(at::kDouble);
    const auto [sum, count] = internal::column_sum(layer, view);
    EXPECT_EQ(count, columns.size(1));
    EXPECT_LT((sum - columns.sum(1)).abs().max().item<double>(), kTolerance);
  });
}

}  // namespace
}  // namespace quern
