#include "quern/base/error.h"
#include "quern/weights/schemes.h"

namespace quern {
namespace {

using Names = std::vector<LayerNames>;

const Suffixes kSuffixes = {.weight = {"/weights", "/depthwise_weights"},
                            .bias = {"/biases"},
                            .gamma = {"/gamma"},
                            .beta = {"/beta"},
                            .mean = {"/moving_mean"},
                            .variance = {"/moving_variance"}};

LayerNames layer(const std::string& name) { return {name, name + "/BatchNorm"}; }

Names mobilenet_v1(const Names& /*zoo*/) {
  Names names = {layer("MobilenetV1/Conv2d_0")};
  for (int block = 1; block <= 13; ++block) {
    names.push_back(layer(fmt::format("MobilenetV1/Conv2d_{}_depthwise", block)));
    names.push_back(layer(fmt::format("MobilenetV1/Conv2d_{}_pointwise", block)));
  }
  names.push_back({"MobilenetV1/Logits/Conv2d_1c_1x1", ""});
  return names;
}

Names mobilenet_v2(const Names& /*zoo*/) {
  Names names = {layer("MobilenetV2/Conv"), layer("MobilenetV2/expanded_conv/depthwise"),
                 layer("MobilenetV2/expanded_conv/project")};
  for (int block = 1; block <= 16; ++block) {
    for (const char* part : {"expand", "depthwise", "project"}) {
      names.push_back(layer(fmt::format("MobilenetV2/expanded_conv_{}/{}", block, part)));
    }
  }
  names.push_back(layer("MobilenetV2/Conv_1"));
  names.push_back({"MobilenetV2/Logits/Conv2d_1c_1x1", ""});
  return names;
}

}  // namespace

std::vector<NameScheme> tf_slim_names() {
  return {{"TF-slim", "mobilenet_v1", Framework::kTensorFlow, kSuffixes, mobilenet_v1},
          {"TF-slim", "mobilenet_v2", Framework::kTensorFlow, kSuffixes, mobilenet_v2}};
}

}  // namespace quern
