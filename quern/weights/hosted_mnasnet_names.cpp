#include <string_view>

#include "quern/base/error.h"
#include "quern/weights/schemes.h"

namespace quern {
namespace {

using Names = std::vector<LayerNames>;

// Stem and classifier keep their variables one scope deeper than the cells.
const Suffixes kSuffixes = {
    .weight = {"/kernel", "/depthwise_kernel", "/tf_layer/kernel", "/tf_layer/depthwise_kernel"},
    .bias = {"/bias", "/tf_layer/bias"},
    .gamma = {"/gamma", "/tf_layer/gamma"},
    .beta = {"/beta", "/tf_layer/beta"},
    .mean = {"/moving_mean", "/tf_layer/moving_mean"},
    .variance = {"/moving_variance", "/tf_layer/moving_variance"}};

/// The zoo has the hosted names of cells ("cell_2/expand"), but not those inside a cell.
LayerNames hosted(const LayerNames& zoo) {
  const std::string_view name = zoo.layer;
  if (name == "stem") return {"mnasnet/stem/conv", "mnasnet/stem/bn"};
  if (name == "output/fc") return {"mnasnet/output/fc", ""};
  const std::size_t slash = name.find('/');
  const std::string op = fmt::format("mnasnet/{}/op_0/", name.substr(0, slash));
  if (slash == std::string_view::npos) return {op + "conv2d_0", op + "bn_0"};
  const std::string_view part = name.substr(slash + 1);
  if (part == "expand") return {op + "expand_0", op + "bn0_0"};
  if (part == "dws") return {op + "depthwise_0", op + "bn1_0"};
  return {op + "project_0", op + "bn2_0"};
}

Names mnasnet(const Names& zoo) {
  Names names;
  for (const LayerNames& layer : zoo) names.push_back(hosted(layer));
  return names;
}

}  // namespace

std::vector<NameScheme> hosted_mnasnet_names() {
  return {{"TensorFlow's hosted MNasNet", "mnasnet", Framework::kTensorFlow, kSuffixes, mnasnet}};
}

}  // namespace quern
