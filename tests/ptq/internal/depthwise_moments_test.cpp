#include "quern/ptq/internal/depthwise_moments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <gtest/gtest.h>

#include "tests/ptq/internal/layer_inputs.h"

namespace quern {
namespace {

using internal::RowSample;
using internal::WeightedLayer;

constexpr double kTolerance = 256 * 0x1p-24;  // Float32 sums of 256 terms, of the largest.

class DepthwiseMoments : public test::LayerInputs {};

TEST_F(DepthwiseMoments, AreThoseOfTheSampledColumns) {
  show_inputs([](const WeightedLayer& layer, const TensorView& view) {
    if (!layer.is_depthwise()) return;
    for (const RowSample& sample : {RowSample{}, RowSample{2, 0}, RowSample{3, 5}}) {
      const at::Tensor columns =
          columns_of(layer, view, internal::column_slices(layer, view.shape, sample))
              .to(at::kDouble);
      const auto [products, count] = internal::depthwise_products(layer, view, view, sample);
      EXPECT_EQ(count, columns.size(1));
      const at::Tensor wanted = at::bmm(columns.transpose(1, 2), columns);
      EXPECT_LT((products - wanted).abs().max().item<double>(),
                kTolerance * wanted.abs().max().item<double>());
    }
  });
}

}  // namespace
}  // namespace quern
