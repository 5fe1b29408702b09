#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "quern/ops/constant_value.h"
#include "quern/ops/dims.h"
#include "quern/ops/node_view.h"
#include "quern/ops/symbolic_integers.h"

namespace quern {
namespace {

void check_choice(const NodeView& resize, std::string_view key,
                  std::initializer_list<std::string_view> supported) {
  const auto& word = resize.attribute<std::string>(key);
  resize.check_supported(std::ranges::find(supported, word) != supported.end(),
                         "{} of Resize is '{}' (supported: {})", key, word,
                         fmt::join(supported, ", "));
}

/// An empty tensor stands for an omitted input.
bool is_given(const NodeView& resize, std::size_t index) {
  if (!resize.has_input(index)) return false;
  const auto& dims = resize.dims(index);
  return !dims || dims->size() != 1 || (*dims)[0].size != 0;
}

Dim scaled(const NodeView& resize, const Dim& dim, float scale) {
  resize.check(std::isfinite(scale) && scale > 0, "Resize scales by {}, must be above 0", scale);
  if (scale == 1.0f) return dim;
  if (!dim.is_fixed()) return {};
  // In float32, as ONNX Runtime does: an exporter's rounded 1.9999999 must give the same extent.
  const float extent = std::floor(static_cast<float>(dim.size) * scale);
  resize.check(extent < static_cast<float>(kMaxElements), "Resize scales {} by {}", dim.size,
               scale);
  return {static_cast<std::int64_t>(extent), ""};
}

Dims by_scales(const NodeView& resize, const Dims& input) {
  const auto scales = known_value(resize.graph(), resize.node().inputs[2]);
  resize.check_supported(scales.has_value(), "the scales '{}' of Resize are not constant",
                         resize.input(2).name);
  const std::vector<float> values = to_vector<float>(*scales);
  resize.check(values.size() == input.size(), "Resize has {} scales for an input of shape {}",
               values.size(), to_string(input));
  Dims result;
  for (std::size_t i = 0; i < input.size(); ++i) {
    result.push_back(scaled(resize, input[i], values[i]));
  }
  return result;
}

Dims by_sizes(const NodeView& resize, const Dims& input) {
  const auto sizes = symbolic_integers(resize.graph(), resize.node().inputs[3]);
  resize.check_supported(sizes.has_value(), "the sizes '{}' of Resize are computed from data",
                         resize.input(3).name);
  resize.check(sizes->elements.size() == input.size(),
               "Resize has {} sizes for an input of shape {}", sizes->elements.size(),
               to_string(input));
  Dims result;
  for (const SymbolicInteger& size : sizes->elements) {
    resize.check(!size.number || *size.number > 0, "Resize has a size of {}",
                 size.number.value_or(0));
    result.push_back({size.number.value_or(-1), size.symbol});
  }
  return result;
}

std::vector<ValueType> infer(const Graph& graph, const Node& node) {
  const NodeView resize(graph, node);
  check_choice(resize, "mode", {"nearest", "linear"});
  check_choice(resize, "coordinate_transformation_mode",
               {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"});
  check_choice(resize, "nearest_mode",
               {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  const bool has_scales = is_given(resize, 2);
  resize.check(has_scales != is_given(resize, 3),
               "Resize needs either scales or sizes, and not both");
  const auto& input = resize.dims(0);
  if (!input) return {{resize.dtype(0), std::nullopt}};
  resize.check_supported(input->size() == 4,
                         "the input of Resize is {} (supported: 2-D, [N, C, H, W])",
                         to_string(input));
  Dims result = has_scales ? by_scales(resize, *input) : by_sizes(resize, *input);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::optional<Dim> same = unify(result[i], (*input)[i]);
    resize.check_supported(same.has_value(),
                           "Resize turns {} into {} (supported: height and width change)",
                           to_string(input), to_string(result));
    result[i] = *same;
  }
  return {{resize.dtype(0), std::move(result)}};
}

QuantRole role_of(const Graph& graph, const Node& node) {
  const bool copies = NodeView(graph, node).attribute<std::string>("mode") == "nearest";
  return copies ? QuantRole::kPreserving : QuantRole::kFloat;
}

}  // namespace

extern const OpDef kResize{
    .op = "Resize",
    .summary = "another height and width, by the nearest element or linearly",
    .role = QuantRole::kPreserving,
    .max_inputs = 4,
    .attributes = {{"coordinate_transformation_mode", AttributeKind::kString,
                    std::string("half_pixel")},
                   {"cubic_coeff_a", AttributeKind::kFloat, -0.75f},
                   {"exclude_outside", AttributeKind::kInt, std::int64_t{0}},
                   {"extrapolation_value", AttributeKind::kFloat, 0.0f},
                   {"mode", AttributeKind::kString, std::string("nearest")},
                   {"nearest_mode", AttributeKind::kString, std::string("round_prefer_floor")}},
    .infer = infer,
    .role_of = role_of,
};

}  // namespace quern
