// Sums, products and the functions of one element.
#include <algorithm>
#include <array>
#include <cmath>

#include "quern/importers/tensorflow/ops.h"

namespace quern::tensorflow {
namespace {

/// The single number that an operand is; none where it is computed or has more elements.
std::optional<float> scalar(const NodeTranslation& node, std::size_t input) {
  const Tensor* const known = node.known(input);
  if (known == nullptr || known->size() != 1 || known->dtype() != DType::kFloat32) {
    return std::nullopt;
  }
  return known->data<float>()[0];
}

void check_count(const NodeTranslation& node, std::size_t count) {
  node.check(node.input_count() == count, "it has {} inputs, expected {}", node.input_count(),
             count);
}

/// True for the random mask of a dropout: a few ops above it random numbers are drawn.
bool is_random_mask(const NodeTranslation& node, int depth) {
  constexpr std::array<std::string_view, 3> kSources = {"RandomUniform", "StatelessRandomUniform",
                                                        "StatelessRandomUniformV2"};
  if (std::ranges::find(kSources, node.op()) != kSources.end()) return true;
  constexpr std::array<std::string_view, 7> kSteps = {"Add", "AddV2", "Cast",        "Floor",
                                                      "Mul", "Sub",   "GreaterEqual"};
  if (depth == 0 || std::ranges::find(kSteps, node.op()) == kSteps.end()) return false;
  for (std::size_t i = 0; i < std::min<std::size_t>(node.input_count(), 2); ++i) {
    if (is_random_mask(node.producer(i), depth - 1)) return true;
  }
  return false;
}

/// A dropout that was left on is in inference what it scales and masks.
bool skip_dropout(NodeTranslation& node, std::size_t mask, std::size_t scaled) {
  constexpr int kDepth = 6;
  const NodeTranslation product = node.producer(scaled);
  if (!is_random_mask(node.producer(mask), kDepth)) return false;
  const auto is_number = [&](std::size_t i) {
    return product.known(i) != nullptr && product.known(i)->size() == 1;
  };
  // Only the number by which a dropout scales goes with it; any other product is the network's.
  const bool scales = (product.op() == "RealDiv" && is_number(1)) ||
                      (product.op() == "Mul" && is_number(0) != is_number(1));
  node.define(scales ? product.operand(is_number(0) ? 1 : 0) : node.operand(scaled));
  node.all().report.warnings.push_back(
      fmt::format("layer '{}' drops elements at random: left out", node.name()));
  return true;
}

void binary(NodeTranslation& node, std::string_view op) {
  check_count(node, 2);
  node.define(node.emit(op, {node.operand(0), node.operand(1)}));
}

void translate_add(NodeTranslation& node) {
  check_count(node, 2);
  if (!add_bias(node, 0, 1) && !add_bias(node, 1, 0)) binary(node, "Add");
}

void translate_sub(NodeTranslation& node) { binary(node, "Sub"); }

void translate_mul(NodeTranslation& node) {
  check_count(node, 2);
  if (!skip_dropout(node, 0, 1) && !skip_dropout(node, 1, 0)) binary(node, "Mul");
}

void translate_div(NodeTranslation& node) { binary(node, "Div"); }

/// A choice between x and 0 by a mask, as dropouts of later versions end.
void translate_select(NodeTranslation& node) {
  check_count(node, 3);
  if (skip_dropout(node, 0, 1)) return;
  node.define(node.emit("Where", {node.operand(0), node.operand(1), node.operand(2)}));
}

void translate_add_n(NodeTranslation& node) {
  node.check(node.input_count() > 0, "it has no inputs");
  Operand sum = node.operand(0);
  for (std::size_t i = 1; i < node.input_count(); ++i) {
    const bool is_last = i + 1 == node.input_count();
    const std::vector<Operand> inputs = {sum, node.operand(i)};
    sum = is_last ? node.emit("Add", inputs)
                  : node.emit_part(fmt::format("sum_{}", i), "Add", inputs);
  }
  node.define(sum);
}

/// max(x, a · x) with 0 < a < 1, as LeakyRelu was written before TensorFlow had it.
bool is_leaky_relu(NodeTranslation& node, std::size_t scaled) {
  const NodeTranslation product = node.producer(scaled);
  if (node.op() != "Maximum" || product.op() != "Mul" || product.input_count() != 2) return false;
  const std::size_t factor = scalar(product, 0) ? 0 : 1;
  const auto alpha = scalar(product, factor);
  if (!alpha || *alpha <= 0 || *alpha >= 1) return false;
  const Operand x = node.operand(1 - scaled);
  if (x.constant != nullptr || product.operand(1 - factor).value != x.value) return false;
  node.define(node.emit("LeakyRelu", {x}, {{"alpha", *alpha}}));
  return true;
}

/// The larger or smaller of two: a clip where one of them is a number.
void translate_limit(NodeTranslation& node) {
  check_count(node, 2);
  if (is_leaky_relu(node, 0) || is_leaky_relu(node, 1)) return;
  const bool is_lower = node.op() == "Maximum";
  const std::size_t limit = scalar(node, 0) ? 0 : 1;
  const auto number = scalar(node, limit);
  const Operand x = node.operand(1 - limit);
  if (!number || !std::isfinite(*number) || x.constant != nullptr) {
    return binary(node, is_lower ? "Max" : "Min");
  }
  const Operand bound = node.number(is_lower ? "min" : "max", *number);
  node.define(is_lower ? node.emit("Clip", {x, bound}) : node.emit("Clip", {x, Operand(), bound}));
}

void translate_relu6(NodeTranslation& node) {
  node.define(
      node.emit("Clip", {node.operand(0), node.number("min", 0.0F), node.number("max", 6.0F)}));
}

void translate_square(NodeTranslation& node) {
  node.define(node.emit("Mul", {node.operand(0), node.operand(0)}));
}

void translate_rsqrt(NodeTranslation& node) {
  node.define(node.emit("Reciprocal", {node.emit_part("sqrt", "Sqrt", {node.operand(0)})}));
}

void translate_inverse(NodeTranslation& node) {
  node.define(node.emit("Reciprocal", {node.operand(0)}));
}

void translate_leaky_relu(NodeTranslation& node) {
  node.define(node.emit("LeakyRelu", {node.operand(0)}, {{"alpha", node.real("alpha", 0.2F)}}));
}

/// Over the last axis.
void translate_softmax(NodeTranslation& node) {
  node.define(node.emit(node.op(), {node.operand(0)}, {{"axis", std::int64_t{-1}}}));
}

/// An op that ONNX has under the same name.
void translate_function(NodeTranslation& node) {
  node.define(node.emit(node.op(), {node.operand(0)}));
}

/// Shapes are not negative, so that their quotients need no rounding down.
void translate_floor_div(NodeTranslation& node) {
  check_count(node, 2);
  const AttrValue* const type = node.attribute("T");
  const Operand quotient = node.emit("Div", {node.operand(0), node.operand(1)});
  const bool is_integer = type != nullptr && (type->type() == DT_INT32 || type->type() == DT_INT64);
  node.define(is_integer ? quotient : node.emit("Floor", {quotient}));
}

constexpr Rule kRules[] = {
    {"Abs", translate_function},
    {"Add", translate_add},
    {"AddN", translate_add_n},
    {"AddV2", translate_add},
    {"Div", translate_div},
    {"Elu", translate_function},
    {"Erf", translate_function},
    {"Exp", translate_function},
    {"FloorDiv", translate_floor_div},
    {"Inv", translate_inverse},
    {"LeakyRelu", translate_leaky_relu},
    {"LogSoftmax", translate_softmax},
    {"Maximum", translate_limit},
    {"Minimum", translate_limit},
    {"Mul", translate_mul},
    {"Neg", translate_function},
    {"RealDiv", translate_div},
    {"Reciprocal", translate_function},
    {"Relu", translate_function},
    {"Relu6", translate_relu6},
    {"Rsqrt", translate_rsqrt},
    {"Select", translate_select},
    {"SelectV2", translate_select},
    {"Sigmoid", translate_function},
    {"Softmax", translate_softmax},
    {"Softplus", translate_function},
    {"Sqrt", translate_function},
    {"Square", translate_square},
    {"Sub", translate_sub},
    {"Tanh", translate_function},
};

}  // namespace

std::span<const Rule> arithmetic_rules() { return kRules; }

}  // namespace quern::tensorflow
