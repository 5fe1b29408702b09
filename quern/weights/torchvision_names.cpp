#include <array>

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

/// The zoo's MobileNetV2 has torchvision's names.
Names mobilenet_v2(const Names& zoo) { return zoo; }

/// Module `index` of a Sequential, and the batch norm behind it.
LayerNames module(const std::string& sequential, int index) {
  return {fmt::format("{}.{}", sequential, index), fmt::format("{}.{}", sequential, index + 1)};
}

Names mnasnet(const Names& /*zoo*/) {
  constexpr std::array<int, 6> kCells = {3, 3, 3, 2, 4, 1};
  Names names = {module("layers", 0), module("layers", 3), module("layers", 6)};
  int index = 8;
  for (const int cells : kCells) {
    for (int cell = 0; cell < cells; ++cell) {
      const std::string layers = fmt::format("layers.{}.{}.layers", index, cell);
      for (const int conv : {0, 3, 6}) names.push_back(module(layers, conv));
    }
    ++index;
  }
  names.push_back(module("layers", index));
  names.push_back({"classifier.1", ""});
  return names;
}

}  // namespace

std::vector<NameScheme> torchvision_names() {
  return {{"torchvision", "mobilenet_v2", Framework::kPyTorch, kSuffixes, mobilenet_v2},
          {"torchvision", "mobilenet_v2_mini", Framework::kPyTorch, kSuffixes, mobilenet_v2},
          {"torchvision", "mnasnet", Framework::kPyTorch, kSuffixes, mnasnet}};
}

}  // namespace quern
