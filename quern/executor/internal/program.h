#pragma once

#include <map>
#include <string>
#include <vector>

#include "quern/executor/internal/step.h"

namespace quern {

struct TrainingContext;

/// One step of a program. Values are named by ValueId::index.
struct Step {
  std::string layer;  ///< Of the last node it computes: errors start with it.
  std::string op;     ///< Of the same node.
  Forward forward;
  bool may_overwrite = true;         ///< Inputs whose last reader it is.
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
  std::map<ScaleId, std::int32_t> scales;  ///< Where differentiable steps read the grids' scales.
};

/// Orders, fuses and compiles the nodes; what only constants decide is computed here.
/// @throws Error as Plan's constructor does.
Program compile(const Graph& graph, const PlanOptions& options);

/// The same with steps that autograd differentiates, scales being values that a run sets. Its steps
/// overwrite nothing.
/// @throws Error(kUnsupported) naming the layer where a step can not be differentiated.
Program compile_differentiable(const Graph& graph);

/// The same for training: what training changes are values that a run sets.
Program compile_training(const Graph& graph, const TrainingContext& training);

/// Runs one step on `inputs`; results are dense. What LibTorch throws becomes an Error(kInternal).
/// Every Error starts with the step's layer.
std::vector<at::Tensor> run_step(const Step& step, std::vector<at::Tensor> inputs);

/// The same on the values of a run, by position; those that nobody reads any more are let go.
void advance(const Step& step, std::vector<at::Tensor>& values);

}  // namespace quern
