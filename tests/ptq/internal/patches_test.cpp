#include "quern/ptq/internal/patches.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "quern/base/random.h"
#include "quern/graph/part.h"
#include "quern/ops/op_def.h"
#include "tests/support/network.h"

namespace quern {
namespace {

using internal::Block;
using internal::PatchPlaces;

Tensor random_pictures(Shape shape) {
  Random random(11);
  Tensor pictures(DType::kFloat32, std::move(shape));
  for (float& x : pictures.mutable_data<float>()) x = static_cast<float>(random.normal());
  return pictures;
}

/// A value of `graph` over the pictures.
at::Tensor computed(const Plan& plan, const at::Tensor& x) {
  // Memory of [N, H, W, C] is what a view of channels-last is.
  at::Tensor result;
  const TensorView view{{x.const_data_ptr<float>(), static_cast<std::size_t>(x.numel())},
                        {x.size(0), x.size(3), x.size(1), x.size(2)},
                        true};
  plan.run({view}, [&](ValueId, const TensorView& y) {
    result = at::zeros({y.shape[0], y.shape[2], y.shape[3], y.shape[1]}, at::kFloat);
    std::ranges::copy(y.data, result.mutable_data_ptr<float>());
  });
  return result;
}

TensorView view_of(const at::Tensor& x) {
  return {{x.const_data_ptr<float>(), static_cast<std::size_t>(x.numel())},
          {x.size(0), x.size(3), x.size(1), x.size(2)},
          true};
}

TEST(Patches, GiveWhatTheWholePictureGivesWhereTheyAreValid) {
  struct Case {
    std::int64_t extent, stride, kernel;
  };
  for (const Case& c : {Case{32, 1, 3}, Case{48, 2, 3}, Case{47, 2, 3}, Case{45, 2, 5}}) {
    test::Network net(2, c.extent, 5);
    const ValueId first =
        net.conv("a", net.input(), {.channels = 4, .kernel = c.kernel, .stride = c.stride});
    const ValueId last = net.conv("b", net.op("r", "Relu", {first}), {.channels = 4, .groups = 4});
    Graph graph = net.finish({last});
    const Block block{{graph.inputs()[0]}, {graph.outputs()[0]}, {}, {}};
    const auto geometry = internal::patch_geometry(graph, block, 8);
    ASSERT_TRUE(geometry.has_value()) << c.extent;
    constexpr std::int64_t kPictures = 2;
    const PatchPlaces places(geometry, 6);

    const at::Tensor pictures = at::zeros({kPictures, c.extent, c.extent, 2}, at::kFloat);
    const Tensor numbers = random_pictures({kPictures, c.extent, c.extent, 2});
    std::ranges::copy(numbers.data<float>(), pictures.mutable_data_ptr<float>());
    const PlanOptions options{.mode = QuantMode::kFloat, .taps = {graph.outputs()[0]}};
    const at::Tensor whole = computed(Plan(graph, options), pictures);

    const auto cut = [&](const at::Tensor& from, bool is_output) {
      Shape shape = places.memory_shape(view_of(from).shape, is_output);
      shape.insert(shape.begin(), kPictures * places.count());
      at::Tensor patches = at::zeros(shape, at::kFloat);
      places.cut(view_of(from), 0, is_output, patches);
      return patches;
    };
    const at::Tensor targets = cut(whole, true);
    const at::Tensor inputs = cut(pictures, false);
    Graph small = graph;
    Dims dims = *small.value(small.inputs()[0]).dims;
    dims[2] = dims[3] = {geometry->rows.length, ""};
    small.set_type(small.inputs()[0], DType::kFloat32, dims);
    for (const ValueId value : small.values()) {
      if (small.producer(value) != nullptr) small.set_type(value, DType::kFloat32, std::nullopt);
    }
    infer_shapes(small);
    const at::Tensor made = computed(Plan(small, options), inputs);
    const at::Tensor valid = places.valid(0, kPictures).permute({0, 2, 3, 1});
    ASSERT_EQ(made.sizes(), targets.sizes());
    constexpr float kOtherOrder = 1e-5F;  // Sums of up to 50 terms of about 1.
    EXPECT_LT(((made - targets) * valid).abs().max().item().toFloat(), kOtherOrder) << c.extent;
    EXPECT_GT(valid.sum().item().toFloat(), 0);
    EXPECT_GE(valid.mean().item().toFloat(), 0.2F);
  }
}

TEST(PatchGeometry, IsNoneForSmallActivationsAndForBlocksThatSeeEverything) {
  test::Network small(2, 8);
  Graph graph = small.finish({small.conv("a", small.input())});
  EXPECT_FALSE(
      internal::patch_geometry(graph, {{graph.inputs()[0]}, {graph.outputs()[0]}, {}, {}}, 8));
  test::Network pooled(2, 64);
  graph = pooled.finish({pooled.head("fc", pooled.input())});
  EXPECT_FALSE(
      internal::patch_geometry(graph, {{graph.inputs()[0]}, {graph.outputs()[0]}, {}, {}}, 8));
}

}  // namespace
}  // namespace quern
