#include "quern/zoo/network_builder.h"

#include <cmath>
#include <utility>

#include "quern/ops/op_def.h"

namespace quern {
namespace {

constexpr float kEpsilon = 1e-5F;

// max(0, min(x, 6)) of a standard normal x, to three digits.
constexpr double kRectifiedMean = 0.399;
constexpr double kRectifiedVariance = 0.341;

Preprocessing imagenet_preprocessing(int input) {
  Preprocessing preprocessing;
  preprocessing.resize = static_cast<int>(std::lround(input * 256.0 / 224.0));
  preprocessing.crop = input;
  return preprocessing;
}

}  // namespace

NetworkBuilder::NetworkBuilder(std::string name, const ZooOptions& options)
    : random_(options.seed), classes_(options.classes.value()) {
  graph_.name = std::move(name);
  graph_.preprocessing = imagenet_preprocessing(options.input.value());
  const std::int64_t extent = options.input.value();
  const Dims dims = {{-1, "N"}, {3, ""}, {extent, ""}, {extent, ""}};
  input_ = {graph_.add_input("input", DType::kFloat32, dims), 3, 0, 1};
  zero_ = graph_.add_constant("relu6.min", Tensor::scalar(0.0F));
  six_ = graph_.add_constant("relu6.max", Tensor::scalar(6.0F));
}

std::vector<float> NetworkBuilder::draw_weights(std::int64_t count, std::int64_t fan_in) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_in));
  std::vector<float> weights(static_cast<std::size_t>(count * fan_in));
  for (float& weight : weights) weight = static_cast<float>(deviation * random_.normal());
  return weights;
}

ValueId NetworkBuilder::add_node(const std::string& layer, std::string op,
                                 std::vector<ValueId> inputs,
                                 std::map<std::string, Attribute> attributes) {
  Node node;
  node.layer = layer;
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  node.outputs = {graph_.add_value(layer + ".out")};
  node.attributes = std::move(attributes);
  const ValueId output = node.outputs[0];
  graph_.add_node(std::move(node));
  return output;
}

ValueId NetworkBuilder::add_vector(const std::string& name, const std::vector<float>& values) {
  return graph_.add_constant(name,
                             Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values));
}

NetworkBuilder::Edge NetworkBuilder::conv_batchnorm(const std::string& layer,
                                                    const std::string& batchnorm, const Conv& conv,
                                                    const Edge& from) {
  const std::int64_t fan_in = from.channels / conv.groups * conv.kernel * conv.kernel;
  const std::vector<float> weights = draw_weights(conv.channels, fan_in);
  const auto channels = static_cast<std::size_t>(conv.channels);
  std::vector<float> gamma(channels);
  std::vector<float> beta(channels);
  std::vector<float> mean(channels);
  std::vector<float> variance(channels);
  for (std::size_t o = 0; o < channels; ++o) {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(fan_in); ++i) {
      const double weight = weights[o * static_cast<std::size_t>(fan_in) + i];
      sum += weight;
      squares += weight * weight;
    }
    gamma[o] = static_cast<float>(random_.uniform(0.8, 1.2));
    beta[o] = static_cast<float>(random_.uniform(-0.2, 0.2));
    mean[o] = static_cast<float>(from.mean * sum);
    variance[o] = static_cast<float>(from.variance * squares);
  }

  const std::int64_t pad = conv.kernel / 2;
  using Integers = std::vector<std::int64_t>;
  const ValueId weight = graph_.add_constant(
      layer + ".weight",
      Tensor::of<float>({conv.channels, from.channels / conv.groups, conv.kernel, conv.kernel},
                        weights));
  const ValueId convolved = add_node(layer, "Conv", {from.value, weight},
                                     {{"kernel_shape", Integers{conv.kernel, conv.kernel}},
                                      {"strides", Integers{conv.stride, conv.stride}},
                                      {"pads", Integers{pad, pad, pad, pad}},
                                      {"dilations", Integers{1, 1}},
                                      {"group", conv.groups}});
  const ValueId normalized = add_node(
      batchnorm, "BatchNormalization",
      {convolved, add_vector(batchnorm + ".weight", gamma), add_vector(batchnorm + ".bias", beta),
       add_vector(batchnorm + ".running_mean", mean),
       add_vector(batchnorm + ".running_var", variance)},
      {{"epsilon", kEpsilon}});
  return {normalized, conv.channels, 0, 1};
}

NetworkBuilder::Edge NetworkBuilder::relu6(const std::string& layer, const Edge& from) {
  return {add_node(layer, "Clip", {from.value, zero_, six_}), from.channels, kRectifiedMean,
          kRectifiedVariance};
}

NetworkBuilder::Edge NetworkBuilder::add(const std::string& layer, const Edge& left,
                                         const Edge& right) {
  return {add_node(layer, "Add", {left.value, right.value}), left.channels, left.mean + right.mean,
          left.variance + right.variance};
}

Graph NetworkBuilder::finish(const std::string& layer, const Edge& from) && {
  const ValueId pooled = add_node("avgpool", "GlobalAveragePool", {from.value});
  const ValueId flat = add_node("flatten", "Flatten", {pooled}, {{"axis", std::int64_t{1}}});
  const ValueId weight = graph_.add_constant(
      layer + ".weight",
      Tensor::of<float>({classes_, from.channels}, draw_weights(classes_, from.channels)));
  const ValueId bias =
      add_vector(layer + ".bias", std::vector<float>(static_cast<std::size_t>(classes_), 0.0F));
  Node gemm;
  gemm.layer = layer;
  gemm.op = "Gemm";
  gemm.inputs = {flat, weight, bias};
  gemm.outputs = {graph_.add_value("logits")};
  gemm.attributes = {
      {"alpha", 1.0F}, {"beta", 1.0F}, {"transA", std::int64_t{0}}, {"transB", std::int64_t{1}}};
  graph_.add_output(gemm.outputs[0]);
  graph_.add_node(std::move(gemm));
  infer_shapes(graph_);
  verify(graph_);
  return std::move(graph_);
}

}  // namespace quern
