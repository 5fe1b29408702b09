#include "tests/support/network.h"

#include <utility>

#include "quern/base/error.h"
#include "quern/ops/op_def.h"

namespace quern::test {

Network::Network(std::int64_t channels, std::int64_t extent, std::uint64_t seed) : random_(seed) {
  graph_.add_input("input", DType::kFloat32,
                   {{-1, "N"}, {channels, ""}, {extent, ""}, {extent, ""}});
}

ValueId Network::constant(const std::string& name, Tensor tensor) {
  return graph_.add_constant(name, std::move(tensor));
}

ValueId Network::weight(const std::string& name, Shape shape) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (float& value : values) value = static_cast<float>(0.5 * random_.normal());
  return constant(name, Tensor::of<float>(std::move(shape), values));
}

ValueId Network::op(const std::string& layer, const std::string& op, std::vector<ValueId> inputs,
                    std::map<std::string, Attribute> attributes) {
  Node node;
  node.layer = layer;
  node.op = op;
  node.inputs = std::move(inputs);
  node.outputs = {graph_.add_value(layer + ".out")};
  node.attributes = std::move(attributes);
  const ValueId output = node.outputs[0];
  graph_.add_node(std::move(node));
  return output;
}

std::int64_t Network::channels(ValueId value) {
  infer_shapes(graph_);
  return graph_.value(value).dims.value().at(1).size;
}

ValueId Network::conv(const std::string& layer, ValueId from, const Conv& shape) {
  using Integers = std::vector<std::int64_t>;
  const std::int64_t pad = shape.kernel / 2;
  std::vector<ValueId> inputs = {
      from, weight(layer + ".weight",
                   {shape.channels, channels(from) / shape.groups, shape.kernel, shape.kernel})};
  if (shape.bias) inputs.push_back(weight(layer + ".bias", {shape.channels}));
  return op(layer, "Conv", std::move(inputs),
            {{"kernel_shape", Integers{shape.kernel, shape.kernel}},
             {"strides", Integers{shape.stride, shape.stride}},
             {"pads", Integers{pad, pad, pad, pad}},
             {"dilations", Integers{1, 1}},
             {"group", shape.groups}});
}

ValueId Network::batchnorm(const std::string& layer, ValueId from) {
  const auto count = static_cast<std::size_t>(channels(from));
  const auto size = static_cast<std::int64_t>(count);
  const std::vector<float> ones(count, 1.0F);
  return op(layer, "BatchNormalization",
            {from, weight(layer + ".weight", {size}), weight(layer + ".bias", {size}),
             weight(layer + ".running_mean", {size}),
             constant(layer + ".running_var", Tensor::of<float>({size}, ones))},
            {{"epsilon", 1e-5F}});
}

ValueId Network::clip(const std::string& layer, ValueId from, float low, float high) {
  return op(layer, "Clip",
            {from, constant(layer + ".min", Tensor::scalar(low)),
             constant(layer + ".max", Tensor::scalar(high))});
}

ValueId Network::head(const std::string& layer, ValueId from, std::int64_t classes) {
  const std::int64_t features = channels(from);
  const ValueId pooled = op(layer + ".pool", "GlobalAveragePool", {from});
  const ValueId flat = op(layer + ".flatten", "Flatten", {pooled}, {{"axis", std::int64_t{1}}});
  return op(
      layer, "Gemm",
      {flat, weight(layer + ".weight", {classes, features}), weight(layer + ".bias", {classes})},
      {{"transB", std::int64_t{1}}});
}

Graph Network::finish(const std::vector<ValueId>& outputs) {
  for (const ValueId output : outputs) graph_.add_output(output);
  infer_shapes(graph_);
  verify(graph_);
  return std::move(graph_);
}

Graph resnet(std::uint64_t seed) {
  Network net(3, 8, seed);
  const auto conv_relu = [&](const std::string& layer, ValueId from, std::int64_t stride = 1) {
    const ValueId value =
        net.conv(layer, from, {.channels = 4 * stride, .stride = stride, .bias = true});
    return net.op(layer + ".relu", "Relu", {net.batchnorm(layer + ".bn", value)});
  };
  const ValueId stem = conv_relu("stem", net.input());
  const ValueId inner =
      net.conv("block1.b", conv_relu("block1.a", stem), {.channels = 4, .bias = true});
  const ValueId sum1 = net.op("add1", "Add", {stem, net.batchnorm("block1.bn", inner)});
  const ValueId joined = net.op("relu1", "Relu", {sum1});
  const ValueId strided = conv_relu("block2.a", joined, 2);
  const ValueId left = net.batchnorm("block2.bn", net.conv("block2.b", strided, {.channels = 8}));
  const ValueId right = net.conv("shortcut", joined, {.channels = 8, .kernel = 1, .stride = 2});
  const ValueId relu2 = net.op("relu2", "Relu", {net.op("add2", "Add", {right, left})});
  return net.finish({net.head("fc", relu2)});
}

Graph random_network(std::uint64_t seed) {
  Random random(seed);
  Network net(3, 8, seed);
  std::vector<ValueId> values = {net.conv("stem", net.input())};
  const auto any = [&] {
    return values[static_cast<std::size_t>(
        random.integer(0, static_cast<std::int64_t>(values.size()) - 1))];
  };
  for (int i = 0; i < 12; ++i) {
    const std::string layer = fmt::format("n{}", i);
    ValueId value = any();
    switch (random.integer(0, 5)) {
      case 0:
        value = net.conv(layer, value);
        break;
      case 1:
        value = net.batchnorm(layer, value);
        break;
      case 2:
        value = net.op(layer, "Relu", {value});
        break;
      case 3:
        value = net.clip(layer, value, 0, random.integer(0, 1) == 0 ? 6.0F : 1.0F);
        break;
      case 4:
        value = net.op(layer, "Add", {value, any()});
        break;
      default: {
        const ValueId joined = net.op(layer, "Concat", {value, any()}, {{"axis", std::int64_t{1}}});
        value = net.conv(layer + ".conv", joined, {.channels = 4, .kernel = 1});
      }
    }
    values.push_back(value);
  }
  return net.finish({net.head("fc", values.back()), values[values.size() - 2]});
}

const Quantizer& quantizer_of(const Graph& graph, const std::string& quant_layer) {
  const std::optional<NodeId> quant = graph.find_layer(quant_layer);
  if (!quant) fail(ErrorCode::kInternal, "the graph has no layer '{}'", quant_layer);
  return graph.quantizer(graph.node(*quant).quantizer);
}

}  // namespace quern::test
