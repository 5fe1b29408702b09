#include "quern/zoo/resnet8.h"

#include <algorithm>
#include <string>
#include <utility>

#include "quern/base/error.h"
#include "quern/zoo/network_builder.h"

namespace quern {
namespace {

using Edge = NetworkBuilder::Edge;

/// Names layers as Keras does: "conv2d", "conv2d_1", …
class KerasNames {
 public:
  explicit KerasNames(std::string kind) : kind_(std::move(kind)) {}
  std::string next() {
    const int index = count_++;
    return index == 0 ? kind_ : fmt::format("{}_{}", kind_, index);
  }

 private:
  std::string kind_;
  int count_ = 0;
};

class ResNet8 {
 public:
  explicit ResNet8(const ZooOptions& options) : options_(options), builder_("resnet8", options) {}

  Graph build() && {
    Preprocessing& preprocessing = builder_.preprocessing();
    preprocessing.resize = options_.input;
    preprocessing.scale = 1;
    preprocessing.mean = {0, 0, 0};
    preprocessing.std = {1, 1, 1};

    Edge edge =
        relu(conv_batchnorm({.channels = scaled(16), .kernel = 3, .bias = true}, builder_.input()));
    edge = stack(scaled(16), 1, edge);
    edge = stack(scaled(32), 2, edge);
    edge = stack(scaled(64), 2, edge);
    return std::move(builder_).finish("dense", edge);
  }

 private:
  std::int64_t scaled(int channels) const {
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(channels * options_.width));
  }

  Edge conv_batchnorm(const NetworkBuilder::Conv& conv, const Edge& from) {
    return builder_.conv_batchnorm(convs_.next(), batchnorms_.next(), conv, from);
  }

  Edge relu(const Edge& from) { return builder_.relu(activations_.next(), from); }

  /// Two convolutions; where they change the shape, the shortcut is a convolution too.
  Edge stack(std::int64_t channels, std::int64_t stride, const Edge& from) {
    Edge edge = relu(
        conv_batchnorm({.channels = channels, .kernel = 3, .stride = stride, .bias = true}, from));
    edge = conv_batchnorm({.channels = channels, .kernel = 3, .bias = true}, edge);
    const Edge shortcut =
        stride == 1 ? from
                    : builder_.conv(convs_.next(),
                                    {.channels = channels, .stride = stride, .bias = true}, from);
    return relu(builder_.add(adds_.next(), shortcut, edge));
  }

  const ZooOptions& options_;
  NetworkBuilder builder_;
  KerasNames convs_{"conv2d"};
  KerasNames batchnorms_{"batch_normalization"};
  KerasNames activations_{"activation"};
  KerasNames adds_{"add"};
};

}  // namespace

Graph resnet8(const ZooOptions& options) { return ResNet8(options).build(); }

}  // namespace quern
