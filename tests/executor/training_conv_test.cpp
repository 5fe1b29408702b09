#include "quern/executor/internal/training_conv.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/var_mean.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "quern/executor/internal/torch_tensor.h"
#include "tests/support/network.h"

namespace quern {
namespace {

/// float32 sums of a few hundred products in another order.
constexpr double kReassociation = 1e-5;

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).norm().item<double>() / b.norm().item<double>();
}

TEST(TrainingConv, HasTheGradientsOfLibTorchsConvolution) {
  using Conv = test::Network::Conv;
  for (const Conv& shape :
       {Conv{.channels = 8, .kernel = 3, .groups = 8},
        Conv{.channels = 12, .kernel = 3, .stride = 2}, Conv{.channels = 5, .kernel = 1},
        Conv{.channels = 8, .stride = 2, .groups = 8},
        Conv{.channels = 8, .kernel = 5, .groups = 8, .bias = true},
        Conv{.channels = 16, .groups = 8}, Conv{.channels = 5, .kernel = 1, .bias = true}}) {
    test::Network net(8, 9);
    const Graph graph = net.finish({net.conv("conv", net.input(), shape)});
    const Node& node = graph.node(graph.find_layer("conv").value());
    const auto constant = [&](std::size_t i) {
      return i < node.inputs.size()
                 ? to_torch(*graph.value(node.inputs[i]).constant).requires_grad_()
                 : at::Tensor();
    };
    const Forward step = build_training_conv(
        {NodeView(graph, node), std::vector<at::Tensor>(3), QuantMode::kFloat}, false);
    const at::Tensor x = dense(at::arange(2 * 8 * 9 * 9, at::kFloat).sin().reshape({2, 8, 9, 9}));

    const at::Tensor own_x = x.clone().requires_grad_();
    const at::Tensor own_weight = constant(1);
    const at::Tensor own_bias = constant(2);
    Arguments arguments({own_x, own_weight, own_bias}, /*may_overwrite=*/false);
    const at::Tensor y = step(arguments)[0];
    torch::autograd::backward({(y * y).sum()}, {});

    const at::Tensor their_x = x.clone().requires_grad_();
    const at::Tensor their_weight = constant(1);
    const at::Tensor their_bias = constant(2);
    const std::int64_t pad = shape.kernel / 2;
    const at::Tensor wanted = at::conv2d(
        their_x, their_weight, their_bias.defined() ? std::optional(their_bias) : std::nullopt,
        shape.stride, pad, 1, shape.groups);
    torch::autograd::backward({(wanted * wanted).sum()}, {});

    EXPECT_LT(distance(y.detach(), wanted.detach()), kReassociation);
    EXPECT_LT(distance(own_x.grad(), their_x.grad()), kReassociation);
    EXPECT_LT(distance(own_weight.grad(), their_weight.grad()), kReassociation);
    if (shape.bias) {
      EXPECT_LT(distance(own_bias.grad(), their_bias.grad()), kReassociation);
    }
  }
}

TEST(TrainingConv, GivesTheMomentsOfItsOutputByEitherKernel) {
  for (const bool bias : {false, true}) {
    test::Network net(8, 9);
    const Graph graph = net.finish({net.conv("conv", net.input(), {.channels = 6, .bias = bias})});
    const Node& node = graph.node(graph.find_layer("conv").value());
    const Forward step = build_training_conv(
        {NodeView(graph, node), std::vector<at::Tensor>(3), QuantMode::kFloat}, true);
    std::vector<at::Tensor> inputs = {
        dense(at::arange(2 * 8 * 9 * 9, at::kFloat).sin().reshape({2, 8, 9, 9})),
        to_torch(*graph.value(node.inputs[1]).constant).requires_grad_()};
    if (bias) inputs.push_back(to_torch(*graph.value(node.inputs[2]).constant));
    Arguments arguments(inputs, /*may_overwrite=*/false);
    const auto found = step(arguments);
    ASSERT_EQ(found.size(), 2);
    const at::Tensor weights = at::arange(12, at::kFloat).sin().reshape({2, 6});
    torch::autograd::backward({found[0].sum() + (found[1] * weights).sum()}, {});

    const at::Tensor weight = inputs[1].detach().clone().requires_grad_();
    const at::Tensor y =
        at::conv2d(inputs[0], weight, bias ? std::optional(inputs[2]) : std::nullopt, 1, 1, 1, 1);
    const auto [variance, mean] = at::var_mean(y, at::IntArrayRef{0, 2, 3}, /*correction=*/0);
    torch::autograd::backward({y.sum() + (mean * weights[0]).sum() + (variance * weights[1]).sum()},
                              {});
    EXPECT_LT(distance(found[1][0].detach(), mean.detach()), kReassociation);
    EXPECT_LT(distance(found[1][1].detach(), variance.detach()), kReassociation);
    EXPECT_LT(distance(inputs[1].grad(), weight.grad()), kReassociation);
  }
}

}  // namespace
}  // namespace quern
