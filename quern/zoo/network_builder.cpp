#include "quern/zoo/network_builder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "quern/graph/default_resize.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

using Integers = std::vector<std::int64_t>;

// max(0, min(x, 6)) of a standard normal x, to three digits; without the 6 they are the same.
constexpr double kRectifiedMean = 0.399;
constexpr double kRectifiedVariance = 0.341;

float epsilon(Framework framework) { return framework == Framework::kPyTorch ? 1e-5F : 1e-3F; }

/// Both frameworks' published networks keep the middle 224 of 256 pixels.
Preprocessing imagenet_preprocessing(Framework framework, int input) {
  Preprocessing preprocessing;
  preprocessing.resize = default_resize(input);
  preprocessing.crop = input;
  if (framework == Framework::kTensorFlow) {
    preprocessing.mean = {0.5, 0.5, 0.5};
    preprocessing.std = {0.5, 0.5, 0.5};
  }
  return preprocessing;
}

}  // namespace

int make_divisible(double channels, int divisor) {
  const int nearest = static_cast<int>(channels + divisor / 2.0) / divisor * divisor;
  const int rounded = std::max(divisor, nearest);
  return rounded < 0.9 * channels ? rounded + divisor : rounded;
}

NetworkBuilder::NetworkBuilder(std::string name, const ZooOptions& options)
    : framework_(options.framework.value()), classes_(options.classes.value()) {
  if (options.seed) random_.emplace(*options.seed);
  graph_.name = std::move(name);
  graph_.preprocessing = imagenet_preprocessing(framework_, options.input.value());
  const std::int64_t extent = options.input.value();
  const Dims dims = {{-1, "N"}, {3, ""}, {extent, ""}, {extent, ""}};
  input_ = {graph_.add_input("input", DType::kFloat32, dims), 3, extent, 0, 1};
}

std::vector<float> NetworkBuilder::draw_weights(std::int64_t count, std::int64_t fan_in) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_in));
  std::vector<float> weights(static_cast<std::size_t>(count * fan_in));
  if (!random_) return weights;
  for (float& weight : weights) weight = static_cast<float>(deviation * random_->normal());
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

Integers NetworkBuilder::pads(const Conv& conv, std::int64_t extent) const {
  if (framework_ == Framework::kPyTorch) return Integers(4, conv.kernel / 2);
  const std::int64_t steps = (extent + conv.stride - 1) / conv.stride - 1;
  const std::int64_t total = std::max<std::int64_t>(0, steps * conv.stride + conv.kernel - extent);
  const std::int64_t begin = total / 2;
  return {begin, begin, total - begin, total - begin};
}

NetworkBuilder::Edge NetworkBuilder::add_conv(const std::string& layer, const Conv& conv,
                                              const Edge& from, std::vector<Moments>* moments) {
  const std::int64_t fan_in = from.channels / conv.groups * conv.kernel * conv.kernel;
  const std::vector<float> weights = draw_weights(conv.channels, fan_in);
  if (moments != nullptr) {
    moments->resize(static_cast<std::size_t>(conv.channels));
    for (std::size_t i = 0; random_ && i < weights.size(); ++i) {
      const double weight = weights[i];
      Moments& channel = (*moments)[i / static_cast<std::size_t>(fan_in)];
      channel.sum += weight;
      channel.squares += weight * weight;
    }
  }
  const Shape shape = {conv.channels, from.channels / conv.groups, conv.kernel, conv.kernel};
  std::vector<ValueId> inputs = {
      from.value, graph_.add_constant(layer + ".weight", Tensor::of<float>(shape, weights))};
  if (conv.bias) {
    const std::vector<float> zeros(static_cast<std::size_t>(conv.channels), 0.0F);
    inputs.push_back(add_vector(layer + ".bias", zeros));
  }
  const Integers pads = this->pads(conv, from.extent);
  const ValueId output = add_node(layer, "Conv", std::move(inputs),
                                  {{"kernel_shape", Integers{conv.kernel, conv.kernel}},
                                   {"strides", Integers{conv.stride, conv.stride}},
                                   {"pads", pads},
                                   {"dilations", Integers{1, 1}},
                                   {"group", conv.groups}});
  const std::int64_t extent = (from.extent + pads[0] + pads[2] - conv.kernel) / conv.stride + 1;
  // Weights of variance 2 / fan_in double the mean square.
  return {output, conv.channels, extent, 0, 2 * (from.variance + from.mean * from.mean)};
}

NetworkBuilder::Edge NetworkBuilder::conv(const std::string& layer, const Conv& conv,
                                          const Edge& from) {
  return add_conv(layer, conv, from, nullptr);
}

NetworkBuilder::Edge NetworkBuilder::conv_batchnorm(const std::string& layer,
                                                    const std::string& batchnorm, const Conv& conv,
                                                    const Edge& from) {
  std::vector<Moments> moments;
  const Edge convolved = add_conv(layer, conv, from, &moments);
  const std::size_t channels = moments.size();
  std::vector<float> gamma(channels, 1.0F);
  std::vector<float> beta(channels, 0.0F);
  std::vector<float> mean(channels, 0.0F);
  std::vector<float> variance(channels, 1.0F);
  for (std::size_t o = 0; random_ && o < channels; ++o) {
    gamma[o] = static_cast<float>(random_->uniform(0.8, 1.2));
    beta[o] = static_cast<float>(random_->uniform(-0.2, 0.2));
    mean[o] = static_cast<float>(from.mean * moments[o].sum);
    variance[o] = static_cast<float>(from.variance * moments[o].squares);
  }
  const ValueId normalized = add_node(
      batchnorm, "BatchNormalization",
      {convolved.value, add_vector(batchnorm + ".weight", gamma),
       add_vector(batchnorm + ".bias", beta), add_vector(batchnorm + ".running_mean", mean),
       add_vector(batchnorm + ".running_var", variance)},
      {{"epsilon", epsilon(framework_)}});
  return {normalized, conv.channels, convolved.extent, 0, 1};
}

NetworkBuilder::Edge NetworkBuilder::relu(const std::string& layer, const Edge& from) {
  const double deviation = std::sqrt(from.variance);
  return {add_node(layer, "Relu", {from.value}), from.channels, from.extent,
          deviation * kRectifiedMean, from.variance * kRectifiedVariance};
}

NetworkBuilder::Edge NetworkBuilder::relu6(const std::string& layer, const Edge& from) {
  if (!zero_) {
    zero_ = graph_.add_constant("relu6.min", Tensor::scalar(0.0F));
    six_ = graph_.add_constant("relu6.max", Tensor::scalar(6.0F));
  }
  return {add_node(layer, "Clip", {from.value, zero_, six_}), from.channels, from.extent,
          kRectifiedMean, kRectifiedVariance};
}

NetworkBuilder::Edge NetworkBuilder::add(const std::string& layer, const Edge& left,
                                         const Edge& right) {
  return {add_node(layer, "Add", {left.value, right.value}), left.channels, left.extent,
          left.mean + right.mean, left.variance + right.variance};
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
