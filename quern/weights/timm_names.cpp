#include "quern/base/error.h"
#include "quern/weights/schemes.h"

namespace quern {
namespace {

using Names = std::vector<LayerNames>;

const Suffixes kSuffixes = {.weight = {".weight"},
                            .bias = {".bias"},
                            .gamma = {".weight"},
                            .beta = {".bias"},
                            .mean = {".running_mean"},
                            .variance = {".running_var"}};

/// A stem, one depthwise separable block, stages of so many inverted residuals, a head.
Names inverted_residuals(const std::vector<int>& blocks) {
  Names names = {{"conv_stem", "bn1"},
                 {"blocks.0.0.conv_dw", "blocks.0.0.bn1"},
                 {"blocks.0.0.conv_pw", "blocks.0.0.bn2"}};
  int stage = 1;
  for (const int count : blocks) {
    for (int i = 0; i < count; ++i) {
      const std::string block = fmt::format("blocks.{}.{}.", stage, i);
      names.push_back({block + "conv_pw", block + "bn1"});
      names.push_back({block + "conv_dw", block + "bn2"});
      names.push_back({block + "conv_pwl", block + "bn3"});
    }
    ++stage;
  }
  names.push_back({"conv_head", "bn2"});
  names.push_back({"classifier", ""});
  return names;
}

Names mobilenet_v2(const Names& /*zoo*/) { return inverted_residuals({2, 3, 4, 3, 3, 1}); }

Names mnasnet(const Names& /*zoo*/) { return inverted_residuals({3, 3, 3, 2, 4, 1}); }

}  // namespace

std::vector<NameScheme> timm_names() {
  return {{"timm", "mobilenet_v2", Framework::kPyTorch, kSuffixes, mobilenet_v2},
          {"timm", "mnasnet", Framework::kPyTorch, kSuffixes, mnasnet}};
}

}  // namespace quern
