#include "quern/ptq/internal/input_columns.h"

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "tests/ptq/internal/layer_inputs.h"

namespace quern {
namespace {

using internal::column_slices;
using internal::ColumnSlice;
using internal::WeightedLayer;

class InputColumns : public test::LayerInputs {};

TEST_F(InputColumns, AreTheSameInSlicesOfAnySize) {
  show_inputs([](const WeightedLayer& layer, const TensorView& view) {
    const auto together = [&](std::int64_t bytes, std::size_t at_least) {
      const std::vector<ColumnSlice> slices = column_slices(layer, view.shape, {}, bytes);
      EXPECT_GE(slices.size(), layer.window ? at_least : 1);
      return columns_of(layer, view, slices);
    };
    const at::Tensor whole = together(std::int64_t{1} << 30, 1);
    const std::int64_t picture = whole.numel() * 4 / view.shape[0];
    EXPECT_TRUE(at::equal(together(picture, 4), whole));
    EXPECT_TRUE(at::equal(together(2 * picture, 2), whole));
    EXPECT_TRUE(at::equal(together(picture / 2, 8), whole));
    EXPECT_TRUE(at::equal(together(1, 16), whole));
  });
}

TEST_F(InputColumns, AreThoseOfTheSampledRows) {
  show_inputs([](const WeightedLayer& layer, const TensorView& view) {
    const at::Tensor whole = columns_of(layer, view, column_slices(layer, view.shape));
    if (!layer.window) return;
    const std::int64_t rows = layer.window->windows(0, view.shape[2]);
    const at::Tensor by_row = whole.reshape({layer.groups, view.shape[0], rows, -1, layer.inputs});
    for (const std::int64_t step : {std::int64_t{3}, rows}) {
      for (const std::int64_t phase : {0, 1, 7}) {
        std::vector<at::Tensor> wanted;
        for (std::int64_t n = 0; n < view.shape[0]; ++n) {
          for (std::int64_t row = (phase + n) % step; row < rows; row += step) {
            wanted.push_back(by_row.select(1, n).select(1, row));
          }
        }
        for (const std::int64_t bytes : {1, 1 << 30}) {
          const auto slices = column_slices(layer, view.shape, {step, phase}, bytes);
          EXPECT_TRUE(at::equal(columns_of(layer, view, slices), at::cat(wanted, 1)));
        }
      }
    }
  });
}

}  // namespace
}  // namespace quern
