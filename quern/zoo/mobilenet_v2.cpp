#include "quern/zoo/mobilenet_v2.h"

#include <algorithm>
#include <vector>

#include "quern/base/error.h"
#include "quern/zoo/network_builder.h"

namespace quern {
namespace {

using Edge = NetworkBuilder::Edge;

/// A row of the paper's table: blocks of one width.
struct Stage {
  int expansion;
  int channels;  ///< At width 1.
  int repeats;
  int stride;  ///< Of the first block.
};

struct Architecture {
  std::vector<Stage> stages;
  int divisor = 8;        ///< Channel counts are multiples of it.
  int last_channels = 0;  ///< Of the last convolution, width included.
};

/// Expand, filter depthwise, project; the input is added where it has the output's shape.
Edge inverted_residual(NetworkBuilder& builder, const std::string& layer, const Edge& from,
                       std::int64_t channels, const Stage& stage, int stride) {
  const std::string conv = layer + ".conv.";
  const std::int64_t hidden = from.channels * stage.expansion;
  Edge edge = from;
  int index = 0;
  const auto conv_relu6 = [&](const NetworkBuilder::Conv& shape) {
    const std::string block = fmt::format("{}{}.", conv, index++);
    edge =
        builder.relu6(block + "2", builder.conv_batchnorm(block + "0", block + "1", shape, edge));
  };
  if (stage.expansion != 1) conv_relu6({.channels = hidden});
  conv_relu6({.channels = hidden, .kernel = 3, .stride = stride, .groups = hidden});
  edge = builder.conv_batchnorm(fmt::format("{}{}", conv, index),
                                fmt::format("{}{}", conv, index + 1), {.channels = channels}, edge);
  const bool is_residual = stride == 1 && from.channels == channels;
  return is_residual ? builder.add(layer + ".add", from, edge) : edge;
}

Graph build(std::string name, const ZooOptions& options, const Architecture& architecture) {
  NetworkBuilder builder(std::move(name), options);
  const auto scaled = [&](int channels) {
    return make_divisible(channels * options.width, architecture.divisor);
  };
  int index = 0;
  const auto conv_relu6 = [&](const NetworkBuilder::Conv& conv, const Edge& from) {
    const std::string block = fmt::format("features.{}.", index++);
    return builder.relu6(block + "2", builder.conv_batchnorm(block + "0", block + "1", conv, from));
  };
  Edge edge = conv_relu6({.channels = scaled(32), .kernel = 3, .stride = 2}, builder.input());
  for (const Stage& stage : architecture.stages) {
    for (int i = 0; i < stage.repeats; ++i) {
      edge = inverted_residual(builder, fmt::format("features.{}", index++), edge,
                               scaled(stage.channels), stage, i == 0 ? stage.stride : 1);
    }
  }
  edge = conv_relu6({.channels = architecture.last_channels}, edge);
  return std::move(builder).finish("classifier.1", edge);
}

}  // namespace

Graph mobilenet_v2(const ZooOptions& options) {
  return build("mobilenet_v2", options,
               {.stages = {{1, 16, 1, 1},
                           {6, 24, 2, 2},
                           {6, 32, 3, 2},
                           {6, 64, 4, 2},
                           {6, 96, 3, 1},
                           {6, 160, 3, 2},
                           {6, 320, 1, 1}},
                .last_channels = make_divisible(1280 * std::max(1.0, options.width), 8)});
}

Graph mobilenet_v2_mini(const ZooOptions& options) {
  const int divisor = options.width == 0.1 ? 4 : 8;
  return build(
      "mobilenet_v2_mini", options,
      {.stages = {{1, 8, 1, 1}, {2, 16, 2, 2}, {2, 24, 2, 2}, {4, 32, 3, 2}, {2, 64, 2, 1}},
       .divisor = divisor,
       .last_channels = options.width > 1 ? make_divisible(128 * options.width, divisor) : 128});
}

}  // namespace quern
