// Sums, products and the functions of one element.
#include <algorithm>
#include <array>
#include <cmath>

#include "quern/importers/tensorflow_constants.h"
#include "quern/importers/tensorflow_ops.h"

namespace quern::tensorflow {
namespace {

/// Defines the node where all it reads is known, as a batch norm's factors are.
bool fold(NodeTranslation& node) {
  std::vector<const Tensor*> operands;
  for (std::size_t i = 0; i < node.input_count(); ++i) operands.push_back(node.known(i));
  auto result = fold_constants(node.op(), operands);
  if (!result) return false;
  node.define(Operand(node.name(), *std::move(result)));
  return true;
}

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
  constexpr std::array<std::string_view, 4> kSources = {"RandomUniform", "StatelessRandomUniform",
                                                        "StatelessRandomUniformV2",
                                                        "RandomStandardNormal"};
  if (std::ranges::find(kSources, node.op()) != kSources.end()) return true;
  constexpr std::array<std::string_view, 7> kSteps = {"Add", "AddV2", "Cast",        "Floor",
                                                      "Mul", "Sub",   "GreaterEqual"};
  if (depth == 0 || std::ranges::find(kSteps, node.op()) == kSteps.end()) return false;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (is_random_mask(node.producer(i), depth - 1)) return true;
  }
  return false;
}

/// A dropout that was left on, scaled(x) · mask, is x in inference.
bool skip_dropout(NodeTranslation& node) {
  constexpr int kDepth = 6;
  for (const std::size_t mask : {std::size_t{0}, std::size_t{1}}) {
    if (!is_random_mask(node.producer(mask), kDepth)) continue;
    if (is_random_mask(node.producer(1 - mask), kDepth)) return false;
    const NodeTranslation scaled = node.producer(1 - mask);
    if (scaled.op() != "RealDiv" && scaled.op() != "Mul") return false;
    node.define(scaled.operand(scaled.known(0) == nullptr ? 0 : 1));
    node.all().report.warnings.push_back(
        fmt::format("layer '{}' drops elements at random: left out", node.name()));
    return true;
  }
  return false;
}

void binary(NodeTranslation& node, std::string_view op) {
  check_count(node, 2);
  if (fold(node)) return;
  node.define(node.emit(op, {node.operand(0), node.operand(1)}));
}

void translate_add(NodeTranslation& node) {
  check_count(node, 2);
  if (fold(node) || add_bias(node, 0, 1) || add_bias(node, 1, 0)) return;
  node.define(node.emit("Add", {node.operand(0), node.operand(1)}));
}

void translate_sub(NodeTranslation& node) { binary(node, "Sub"); }

void translate_mul(NodeTranslation& node) {
  check_count(node, 2);
  if (!skip_dropout(node)) binary(node, "Mul");
}

void translate_div(NodeTranslation& node) { binary(node, "Div"); }

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

/// The larger or smaller of x and a number.
void translate_limit(NodeTranslation& node) {
  check_count(node, 2);
  if (fold(node) || is_leaky_relu(node, 0) || is_leaky_relu(node, 1)) return;
  const std::size_t limit = scalar(node, 0) ? 0 : 1;
  const auto number = scalar(node, limit);
  node.check_supported(number.has_value() && std::isfinite(*number),
                       "both operands are tensors (supported: a tensor and a number)");
  const Operand bound = node.number(node.op() == "Maximum" ? "min" : "max", *number);
  const Operand x = node.operand(1 - limit);
  node.define(node.op() == "Maximum" ? node.emit("Clip", {x, bound})
                                     : node.emit("Clip", {x, Operand(), bound}));
}

void translate_relu6(NodeTranslation& node) {
  node.define(
      node.emit("Clip", {node.operand(0), node.number("min", 0.0F), node.number("max", 6.0F)}));
}

void translate_square(NodeTranslation& node) {
  if (!fold(node)) node.define(node.emit("Mul", {node.operand(0), node.operand(0)}));
}

void translate_negative(NodeTranslation& node) {
  if (fold(node)) return;
  node.define(node.emit("Mul", {node.operand(0), node.number("minus_one", -1.0F)}));
}

void translate_constant_only(NodeTranslation& node) {
  node.check_supported(fold(node), "it reads what the network computes (supported: constants)");
}

void translate_leaky_relu(NodeTranslation& node) {
  node.define(node.emit("LeakyRelu", {node.operand(0)}, {{"alpha", node.real("alpha", 0.2F)}}));
}

void translate_softmax(NodeTranslation& node) {
  node.define(node.emit("Softmax", {node.operand(0)}, {{"axis", std::int64_t{-1}}}));
}

/// Ops that ONNX has under a name of its own.
void translate_function(NodeTranslation& node) {
  node.define(node.emit(node.op(), {node.operand(0)}));
}

constexpr Rule kRules[] = {
    {"Add", translate_add},
    {"AddN", translate_add_n},
    {"AddV2", translate_add},
    {"Div", translate_div},
    {"Elu", translate_function},
    {"FloorDiv", translate_div},
    {"Inv", translate_constant_only},
    {"LeakyRelu", translate_leaky_relu},
    {"Maximum", translate_limit},
    {"Minimum", translate_limit},
    {"Mul", translate_mul},
    {"Neg", translate_negative},
    {"RealDiv", translate_div},
    {"Reciprocal", translate_constant_only},
    {"Relu", translate_function},
    {"Relu6", translate_relu6},
    {"Rsqrt", translate_constant_only},
    {"Sigmoid", translate_function},
    {"Softmax", translate_softmax},
    {"Sqrt", translate_constant_only},
    {"Square", translate_square},
    {"Sub", translate_sub},
    {"Tanh", translate_function},
};

}  // namespace

std::span<const Rule> arithmetic_rules() { return kRules; }

}  // namespace quern::tensorflow
