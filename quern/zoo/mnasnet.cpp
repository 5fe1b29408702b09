#include "quern/zoo/mnasnet.h"

#include <array>
#include <string>

#include "quern/base/error.h"
#include "quern/zoo/network_builder.h"

namespace quern {
namespace {

using Edge = NetworkBuilder::Edge;

/// Cells of one width.
struct Stage {
  int expansion;
  int kernel;
  int channels;  ///< At width 1.
  int cells;
  int stride;  ///< Of the first cell.
};

constexpr std::array<Stage, 6> kStages = {{{3, 3, 24, 3, 2},
                                           {3, 5, 40, 3, 2},
                                           {6, 5, 80, 3, 2},
                                           {6, 3, 96, 2, 1},
                                           {6, 5, 192, 4, 2},
                                           {6, 3, 320, 1, 1}}};

class MnasNet {
 public:
  explicit MnasNet(const ZooOptions& options)
      : options_(options), builder_("mnasnet", options), is_hosted_(is_hosted(options)) {}

  Graph build() && {
    if (is_hosted_) {
      // As the hosted networks were trained: the middle of the picture, resized to the input.
      builder_.preprocessing().central_crop = 0.85;
      builder_.preprocessing().resize = options_.input;
    }
    Edge edge = conv("stem", {.channels = scaled(32), .kernel = 3, .stride = 2}, builder_.input());
    if (!is_hosted_) edge = builder_.relu("stem/relu", edge);
    edge = conv_relu("lead_cell_0/dws",
                     {.channels = edge.channels, .kernel = 3, .groups = edge.channels}, edge);
    edge = conv("lead_cell_0/project", {.channels = scaled(16)}, edge);
    int index = 1;
    for (const Stage& stage : kStages) {
      for (int i = 0; i < stage.cells; ++i) edge = cell(index++, stage, i == 0, edge);
    }
    edge = conv_relu(fmt::format("lead_cell_{}", index), {.channels = 1280}, edge);
    return std::move(builder_).finish("output/fc", edge);
  }

 private:
  static bool is_hosted(const ZooOptions& options) {
    return options.framework == Framework::kTensorFlow;
  }

  std::int64_t scaled(int channels) const { return make_divisible(channels * options_.width, 8); }

  Edge conv(const std::string& layer, const NetworkBuilder::Conv& conv, const Edge& from) {
    return builder_.conv_batchnorm(layer, layer + "/bn", conv, from);
  }

  Edge conv_relu(const std::string& layer, const NetworkBuilder::Conv& shape, const Edge& from) {
    return builder_.relu(layer + "/relu", conv(layer, shape, from));
  }

  Edge cell(int index, const Stage& stage, bool leads, const Edge& from) {
    const std::string name = fmt::format("{}cell_{}", leads ? "lead_" : "", index);
    const std::int64_t hidden = from.channels * stage.expansion;
    Edge edge = conv_relu(name + "/expand", {.channels = hidden}, from);
    edge = conv_relu(name + "/dws",
                     {.channels = hidden,
                      .kernel = stage.kernel,
                      .stride = leads ? stage.stride : 1,
                      .groups = hidden},
                     edge);
    edge = conv(name + "/project", {.channels = scaled(stage.channels)}, edge);
    return leads ? edge : builder_.add(name + "/add", edge, from);
  }

  const ZooOptions& options_;
  NetworkBuilder builder_;
  bool is_hosted_;
};

}  // namespace

Graph mnasnet(const ZooOptions& options) { return MnasNet(options).build(); }

}  // namespace quern
