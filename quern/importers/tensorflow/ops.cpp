#include "quern/importers/tensorflow/ops.h"

#include <algorithm>
#include <string>

#include "quern/base/nearest.h"

namespace quern::tensorflow {
namespace {

/// Ops that no file for inference holds, and what to do about them.
struct Refusal {
  std::span<const std::string_view> ops;
  std::string_view reason;
};

constexpr std::string_view kVariables[] = {"AutoReloadVariable", "ReadVariableOp", "RestoreV2",
                                           "VarHandleOp",        "Variable",       "VariableV2"};
constexpr std::string_view kCalls[] = {"PartitionedCall", "StatefulPartitionedCall",
                                       "SymbolicGradient"};
constexpr std::string_view kControlFlow[] = {
    "Case",          "Enter",     "Exit",          "If",          "LoopCond",       "Merge",
    "NextIteration", "RefSwitch", "StatelessCase", "StatelessIf", "StatelessWhile", "Switch",
    "While"};

constexpr Refusal kRefusals[] = {
    {kVariables,
     "the file keeps variables apart from the network; freeze it, so that they become constants: "
     "convert_variables_to_constants_v2 (TensorFlow 2), freeze_graph (a checkpoint of TensorFlow "
     "1)"},
    {kCalls,
     "calls of functions are not read; freeze the model with convert_variables_to_constants_v2, "
     "which puts them in place"},
    {kControlFlow,
     "control flow is not read; freeze the model with training off (a constant, not a "
     "placeholder), so that no branch is left"},
};

std::vector<std::span<const Rule>> families() {
  return {arithmetic_rules(), conv_rules(),  pool_rules(),  quant_rules(),
          resize_rules(),     shape_rules(), slice_rules(), source_rules()};
}

}  // namespace

bool is_control_flow(std::string_view op) {
  return std::ranges::find(kControlFlow, op) != std::end(kControlFlow);
}

void translate(NodeTranslation& node) {
  std::vector<std::string> known;
  for (const std::span<const Rule> family : families()) {
    for (const Rule& rule : family) {
      if (rule.op == node.op()) return rule.translate(node);
      known.emplace_back(rule.op);
    }
  }
  for (const Refusal& refusal : kRefusals) {
    if (std::ranges::find(refusal.ops, node.op()) == refusal.ops.end()) continue;
    node.fail(ErrorCode::kUnsupported, "{}", refusal.reason);
  }
  node.fail(ErrorCode::kUnsupported, "the op is not read{}",
            nearest_hint(node.op(), nearest(node.op(), known)));
}

}  // namespace quern::tensorflow
