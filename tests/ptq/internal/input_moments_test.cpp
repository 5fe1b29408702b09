#include "quern/ptq/internal/input_moments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/ptq/internal/layer_inputs.h"

namespace quern {
namespace {

using internal::InputMoments;
using internal::MomentSums;
using internal::WeightedLayer;

constexpr std::int64_t kInputs = 450;  // Several blocks, the last one smaller.
constexpr std::int64_t kRows = 5;
constexpr double kTolerance = 1e-5;  // Float32 sums of 5 products of about 1.

std::vector<float> numbers(std::uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<float> result(kInputs * kRows);
  for (float& x : result) x = static_cast<float>(generator() % 2001) / 1000.0F - 1;
  return result;
}

at::Tensor rows(std::vector<float>& x) {
  return at::from_blob(x.data(), {kRows, kInputs}, at::kFloat).to(at::kDouble);
}

TEST(MomentSums, AreMeansOfProductsOverAllBatches) {
  const WeightedLayer layer{.layer = "fc", .outputs = 1, .inputs = kInputs};
  MomentSums sums(layer, 3);
  at::Tensor quantized = at::zeros({kInputs, kInputs}, at::kDouble);
  at::Tensor mixed = quantized.clone();
  for (const std::uint32_t batch : {0U, 1U, 2U}) {
    std::vector<float> x_hat = numbers(batch);
    std::vector<float> x = numbers(batch + 10);
    const TensorView real{x, {kRows, kInputs}};
    sums.add(batch % 2, batch, {x_hat, {kRows, kInputs}}, &real);
    quantized += rows(x_hat).t().mm(rows(x_hat)) / (3.0 * kRows);
    mixed += rows(x_hat).t().mm(rows(x)) / (3.0 * kRows);
  }
  const InputMoments found = sums.moments();
  EXPECT_LT((found.quantized[0] - quantized).abs().max().item<double>(), kTolerance);
  EXPECT_LT((found.mixed[0] - mixed).abs().max().item<double>(), kTolerance);
  EXPECT_TRUE(at::equal(found.quantized, found.quantized.transpose(1, 2)));
}

class SampledMoments : public test::LayerInputs {};

TEST_F(SampledMoments, AreMeansOverTheRowsThatStandForAll) {
  constexpr std::size_t kMany = 1 << 20;  // So many pictures that each gives but few rows.
  show_inputs([&](const WeightedLayer& layer, const TensorView& view) {
    if (!layer.window) return;
    const std::int64_t rows = layer.window->windows(0, view.shape[2]);
    MomentSums sums(layer, kMany);
    for (std::int64_t batch = 0; batch < rows; ++batch) {
      sums.add(0, static_cast<std::size_t>(batch), view);
    }
    // Every row of every picture has had its turn once.
    const at::Tensor columns =
        columns_of(layer, view, internal::column_slices(layer, view.shape)).to(at::kDouble);
    const at::Tensor wanted =
        at::bmm(columns.transpose(1, 2), columns) / static_cast<double>(columns.size(1));
    EXPECT_LT((sums.moments().quantized - wanted).abs().max().item<double>(), kTolerance);
  });
}

}  // namespace
}  // namespace quern
