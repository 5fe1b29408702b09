#pragma once

#include <string>
#include <vector>

#include "quern/executor/internal/step.h"

namespace quern {

/// One step of a program. Values are named by ValueId::index.
struct Step {
  std::string layer;  ///< Of the last node it computes: errors start with it.
  Forward forward;
  std::vector<std::int32_t> inputs;  ///< −1 where omitted.
  std::vector<std::int32_t> outputs;
  std::vector<std::int32_t> last_uses;  ///< Values that nobody reads after this step.
  std::vector<ValueId> taps;            ///< Outputs to show.
};

/// A compiled graph.
struct Program {
  std::vector<Step> steps;
  std::vector<at::Tensor> constants;  ///< By ValueId::index; undefined for what a run computes.
  std::vector<ValueId> shown_before;  ///< Taps on graph inputs and constants.
};

/// Orders, fuses and compiles the nodes; what only constants decide is computed here.
/// @throws Error as Plan's constructor does.
Program compile(const Graph& graph, const PlanOptions& options);

/// Runs one step on `inputs`; results are dense. What LibTorch throws becomes an Error(kInternal).
/// Every Error starts with the step's layer.
std::vector<at::Tensor> run_step(const Step& step, std::vector<at::Tensor> inputs);

}  // namespace quern
