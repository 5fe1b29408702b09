#include "quern/weights/named_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/named_weights.h"

namespace quern {
namespace {

using Tensors = std::map<std::string, Tensor>;
using test::expect_error;

const ZooOptions kSmall{.width = 0.25, .input = 32, .classes = 3, .seed = 2};

Tensors weights_of(const NameScheme& scheme) {
  return test::named_weights(make_network(scheme.network, kSmall), scheme);
}

NamedLayers read(const StoredTensors& tensors, std::string_view network) {
  const Graph graph = make_network(network, {.input = 32, .seed = std::nullopt});
  const auto layers = weighted_layers(graph);
  return read_named_layers(tensors, network, layers, layer_names(graph, layers));
}

NamedLayers read(const Tensors& tensors, std::string_view network) {
  return read(stored(tensors), network);
}

void expect_weights(const NamedLayers& named, std::string_view network) {
  const auto expected = weighted_layers(make_network(network, kSmall));
  ASSERT_EQ(named.layers.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const LayerWeights& weights = expected[i].weights;
    EXPECT_EQ(named.layers[i].weight, weights.weight) << weights.layer;
    EXPECT_EQ(named.layers[i].bias, weights.bias) << weights.layer;
    ASSERT_EQ(named.layers[i].batchnorm.has_value(), weights.batchnorm.has_value());
    if (!weights.batchnorm) continue;
    EXPECT_EQ(named.layers[i].batchnorm->gamma, weights.batchnorm->gamma);
    EXPECT_EQ(named.layers[i].batchnorm->beta, weights.batchnorm->beta);
    EXPECT_EQ(named.layers[i].batchnorm->mean, weights.batchnorm->mean);
    EXPECT_EQ(named.layers[i].batchnorm->variance, weights.batchnorm->variance);
  }
}

TEST(NamedLayers, EverySchemeGivesTheSameLayers) {
  for (const NameScheme& scheme : name_schemes()) {
    SCOPED_TRACE(fmt::format("{} {}", scheme.library, scheme.network));
    const NamedLayers named = read(weights_of(scheme), scheme.network);
    EXPECT_EQ(named.scheme, &scheme);
    EXPECT_THAT(named.unused, testing::IsEmpty());
    expect_weights(named, scheme.network);
  }
}

/// The same tensors under changed names.
template <class Rename>
Tensors renamed(const Tensors& tensors, Rename&& rename) {
  Tensors result;
  for (const auto& [name, tensor] : tensors) result[rename(name)] = tensor;
  return result;
}

TEST(NamedLayers, NamesMayBeDecorated) {
  const Tensors torch = weights_of(test::scheme_of("torchvision", "mnasnet"));
  expect_weights(read(renamed(torch, [](auto name) { return "module." + name; }), "mnasnet"),
                 "mnasnet");
  const Tensors keras = weights_of(test::scheme_of("Keras", "mobilenet_v2"));
  expect_weights(read(renamed(keras, [](auto name) { return name + ":0"; }), "mobilenet_v2"),
                 "mobilenet_v2");
  const auto repeated = [](auto name) { return name.substr(0, name.find('/') + 1) + name + ":0"; };
  expect_weights(read(renamed(keras, repeated), "mobilenet_v2"), "mobilenet_v2");
}

TEST(NamedLayers, ALinearLayerMayBeAConvolutionOfOnePixel) {
  Tensors slim = weights_of(test::scheme_of("TF-slim", "mobilenet_v1"));
  Tensor& kernel = slim.at("MobilenetV1/Logits/Conv2d_1c_1x1/weights");
  kernel = kernel.reshaped({1, 1, 256, 3});
  expect_weights(read(slim, "mobilenet_v1"), "mobilenet_v1");
}

TEST(NamedLayers, UnusedTensorsAreNamed) {
  Tensors tensors = weights_of(test::scheme_of("torchvision", "mnasnet"));
  tensors["layers.1.num_batches_tracked"] = Tensor::scalar(std::int64_t{7});
  tensors["extra.weight"] = Tensor::scalar(1.0F);
  EXPECT_THAT(read(tensors, "mnasnet").unused, testing::ElementsAre("extra.weight"));
}

TEST(NamedLayers, ABiasWithoutABatchNormIsAFoldedOne) {
  Tensors tensors = weights_of(test::scheme_of("Keras", "mobilenet_v1"));
  for (const char* part : {"gamma", "beta", "moving_mean", "moving_variance"}) {
    tensors.erase(fmt::format("conv1_bn/{}", part));
  }
  tensors["conv1/bias"] = Tensor(DType::kFloat32, {8});
  const NamedLayers named = read(tensors, "mobilenet_v1");
  EXPECT_FALSE(named.layers[0].batchnorm);
  EXPECT_TRUE(named.layers[0].bias);
  EXPECT_TRUE(named.layers[1].batchnorm);
}

TEST(NamedLayers, SaysWhichTensorIsWrong) {
  const Tensors whole = weights_of(test::scheme_of("Keras", "mobilenet_v1"));
  const auto refuse = [&](const std::string& part, auto&& edit) {
    Tensors tensors = whole;
    edit(tensors);
    expect_error(ErrorCode::kParse, part, [&] { read(tensors, "mobilenet_v1"); });
  };
  refuse("it has no tensor 'conv_dw_3/kernel', which Keras's mobilenet_v1 has",
         [](Tensors& tensors) { tensors.erase("conv_dw_3/depthwise_kernel"); });
  refuse("it has no tensor 'conv_pw_2_bn/gamma', which",
         [](Tensors& tensors) { tensors.erase("conv_pw_2_bn/gamma"); });
  refuse("tensor 'conv_pw_2_bn/beta': it has the shape [9], expected [32]",
         [](Tensors& tensors) { tensors["conv_pw_2_bn/beta"] = Tensor(DType::kFloat32, {9}); });
  refuse("tensor 'conv1/kernel': it has the shape [3, 3], expected a convolution's weight",
         [](Tensors& tensors) {
           tensors["conv1/kernel"] = Tensor(DType::kFloat32, {3, 3});
         });
  refuse("tensors 'conv1/kernel' and 'conv1/kernel:0' have the same name",
         [](Tensors& tensors) { tensors["conv1/kernel:0"] = tensors["conv1/kernel"]; });
  expect_error(ErrorCode::kParse,
               "its names are of no library quern knows for mobilenet_v1: expected 'conv1/kernel' "
               "(Keras), 'MobilenetV1/Conv2d_0/weights' (TF-slim); the first is 'a'",
               [] {
                 read(Tensors{{"a", Tensor()}}, "mobilenet_v1");
               });
  expect_error(ErrorCode::kParse, "it holds no tensors", [] { read(Tensors(), "mobilenet_v1"); });
  // Keras has two sets of names for this network, which begin alike.
  expect_error(ErrorCode::kParse, "(timm), 'Conv1/kernel' (Keras), 'MobilenetV2/Conv/weights'", [] {
    read(Tensors{{"a", Tensor()}}, "mobilenet_v2");
  });
}

TEST(NamedLayers, SaysWhichNumbersAreWrong) {
  const Tensors whole = weights_of(test::scheme_of("Keras", "mobilenet_v1"));
  const auto refuse = [&](const std::string& part, const std::string& name, auto&& edit) {
    Tensors tensors = whole;
    edit(tensors.at(name));
    expect_error(ErrorCode::kParse, part, [&] { read(tensors, "mobilenet_v1"); });
  };
  refuse("tensor 'conv_pw_2_bn/moving_variance': it holds -2 at element 1, but a variance is never",
         "conv_pw_2_bn/moving_variance",
         [](Tensor& tensor) { tensor.mutable_data<float>()[1] = -2; });
  refuse("tensor 'conv1_bn/beta': it holds inf at element 0, expected finite", "conv1_bn/beta",
         [](Tensor& tensor) {
           tensor = Tensor::of<double>(tensor.shape(), std::vector<double>(8, 1e300));
         });
  refuse("tensor 'conv1/kernel': it is of int64, expected floats", "conv1/kernel",
         [](Tensor& tensor) { tensor = Tensor(DType::kInt64, tensor.shape()); });
  refuse(
      "tensor 'conv_pw_2/kernel': it has the shape [1, 1, 16, 31] with 31 outputs, but its batch "
      "norm [32]",
      "conv_pw_2/kernel", [](Tensor& tensor) {
        tensor = Tensor(DType::kFloat32, {1, 1, 16, 31});
      });
}

TEST(NamedLayers, ReadsNothingThatCanNotFit) {
  StoredTensors tensors = stored(weights_of(test::scheme_of("Keras", "mobilenet_v1")));
  const auto refuse = [&](const std::string& part, const std::string& name, const Shape& shape) {
    StoredTensors large = tensors;
    large[name] = {DType::kFloat32, shape,
                   []() -> Tensor { fail(ErrorCode::kInternal, "it is read"); }};
    expect_error(ErrorCode::kParse, part, [&] { read(large, "mobilenet_v1"); });
  };
  refuse("tensor 'conv1/kernel': it has the shape [9999, 9999, 3, 8], expected a convolution's",
         "conv1/kernel", {9999, 9999, 3, 8});
  refuse("tensor 'conv_pw_1/kernel': it has the shape [1, 1, 8, 99999], expected a convolution's",
         "conv_pw_1/kernel", {1, 1, 8, 99999});
  refuse("tensor 'conv_dw_1/kernel': it has the shape [3, 3, 8, 2], expected a convolution's",
         "conv_dw_1/depthwise_kernel", {3, 3, 8, 2});
  refuse("tensor 'conv1_bn/gamma': it has the shape [99999], expected [8]", "conv1_bn/gamma",
         {99999});

  tensors["step"] = {
      DType::kInt64, {1 << 30}, []() -> Tensor { fail(ErrorCode::kInternal, "it is read"); }};
  EXPECT_THAT(read(tensors, "mobilenet_v1").unused, testing::ElementsAre("step"));
}

}  // namespace
}  // namespace quern
