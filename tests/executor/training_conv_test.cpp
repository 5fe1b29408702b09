#include "quern/executor/internal/training_conv.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/conv2d.h>
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
    const Forward step =
        build_training_conv({NodeView(graph, node), std::vector<at::Tensor>(3), QuantMode::kFloat});
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

}  // namespace
}  // namespace quern
