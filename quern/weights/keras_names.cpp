#include "quern/base/error.h"
#include "quern/weights/schemes.h"

namespace quern {
namespace {

using Names = std::vector<LayerNames>;

const Suffixes kSuffixes = {.weight = {"/kernel", "/depthwise_kernel"},
                            .bias = {"/bias"},
                            .gamma = {"/gamma"},
                            .beta = {"/beta"},
                            .mean = {"/moving_mean"},
                            .variance = {"/moving_variance"}};

/// The zoo's MobileNetV1 and ResNet-8 have Keras's names.
Names same(const Names& zoo) { return zoo; }

Names mobilenet_v2(const Names& /*zoo*/) {
  Names names = {{"Conv1", "bn_Conv1"}};
  const auto add = [&](const std::string& layer) { names.push_back({layer, layer + "_BN"}); };
  add("expanded_conv_depthwise");
  add("expanded_conv_project");
  for (int block = 1; block <= 16; ++block) {
    for (const char* layer : {"expand", "depthwise", "project"}) {
      add(fmt::format("block_{}_{}", block, layer));
    }
  }
  names.push_back({"Conv_1", "Conv_1_bn"});
  names.push_back({"predictions", ""});
  return names;
}

/// As they were before Keras 2.4 renamed the last layer.
Names older_mobilenet_v2(const Names& zoo) {
  Names names = mobilenet_v2(zoo);
  names.back().layer = "Logits";
  return names;
}

}  // namespace

std::vector<NameScheme> keras_names() {
  return {{"Keras", "mobilenet_v1", Framework::kTensorFlow, kSuffixes, same},
          {"Keras", "mobilenet_v2", Framework::kTensorFlow, kSuffixes, mobilenet_v2},
          {"Keras", "mobilenet_v2", Framework::kTensorFlow, kSuffixes, older_mobilenet_v2},
          {"Keras", "resnet8", Framework::kTensorFlow, kSuffixes, same}};
}

}  // namespace quern
