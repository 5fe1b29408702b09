#include "quern/zoo/mobilenet_v1.h"

#include <algorithm>
#include <array>
#include <string>

#include "quern/base/error.h"
#include "quern/zoo/network_builder.h"

namespace quern {
namespace {

/// A depthwise convolution and the pointwise one behind it.
struct Block {
  int channels;  ///< At width 1.
  int stride;
};

constexpr std::array<Block, 13> kBlocks = {{{64, 1},
                                            {128, 2},
                                            {128, 1},
                                            {256, 2},
                                            {256, 1},
                                            {512, 2},
                                            {512, 1},
                                            {512, 1},
                                            {512, 1},
                                            {512, 1},
                                            {512, 1},
                                            {1024, 2},
                                            {1024, 1}}};

/// Short side before the crop, as the integer-only flow evaluates the published networks.
int resized_side(int input) {
  switch (input) {
    case 192:
      return 220;
    case 160:
      return 180;
    default:
      return (input * 256 + 112) / 224;
  }
}

}  // namespace

Graph mobilenet_v1(const ZooOptions& options) {
  NetworkBuilder builder("mobilenet_v1", options);
  builder.preprocessing().resize = resized_side(*options.input);
  const auto scaled = [&](int channels) {
    return std::max<std::int64_t>(8, static_cast<std::int64_t>(channels * options.width));
  };
  const auto conv_relu6 = [&](const std::string& layer, const NetworkBuilder::Conv& conv,
                              const NetworkBuilder::Edge& from) {
    return builder.relu6(layer + "_relu", builder.conv_batchnorm(layer, layer + "_bn", conv, from));
  };
  auto edge =
      conv_relu6("conv1", {.channels = scaled(32), .kernel = 3, .stride = 2}, builder.input());
  int index = 0;
  for (const Block& block : kBlocks) {
    ++index;
    edge = conv_relu6(
        fmt::format("conv_dw_{}", index),
        {.channels = edge.channels, .kernel = 3, .stride = block.stride, .groups = edge.channels},
        edge);
    edge = conv_relu6(fmt::format("conv_pw_{}", index), {.channels = scaled(block.channels)}, edge);
  }
  return std::move(builder).finish("conv_preds", edge);
}

}  // namespace quern
