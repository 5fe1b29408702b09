#include "quern/executor/internal/program.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "quern/analysis/sizes.h"
#include "quern/executor/internal/catalog.h"
#include "quern/executor/internal/exact_sum.h"
#include "quern/executor/internal/fused_conv.h"
#include "quern/executor/internal/fusion.h"
#include "quern/executor/internal/torch_tensor.h"
#include "quern/executor/internal/training_conv.h"
#include "quern/executor/internal/training_steps.h"
#include "quern/ops/op_def.h"

namespace quern {
namespace {

/// What is known while the nodes are walked.
struct Compilation {
  const Graph& graph;
  QuantMode mode;
  std::set<ValueId> tapped;
  std::set<NodeId> done;  ///< Part of a step already.
  Program program;
  bool differentiable = false;
  const TrainingContext* training = nullptr;
  std::map<ValueId, TrainingChain> waiting;  ///< For the convolution that reads their result.
  std::map<ValueId, std::int32_t> moments;   ///< Where they are found, of what is measured.
  std::int32_t values = 0;                   ///< Positions in use.
  SumMode sums = SumMode::kFloat32;
};

StepSource source_of(const Compilation& state, const Node& node) {
  std::vector<at::Tensor> constants(node.inputs.size());
  for (std::size_t i = 0; i < constants.size(); ++i) {
    if (node.inputs[i]) constants[i] = state.program.constants[node.inputs[i].index];
  }
  return {NodeView(state.graph, node), std::move(constants), state.mode};
}

/// The only reader of the value a node computes, where the value itself is not needed.
const Node* sole_reader(const Compilation& state, const Node& node) {
  const ValueId value = node.outputs[0];
  if (state.tapped.contains(value) || state.graph.is_output(value)) return nullptr;
  const auto uses = state.graph.uses(value);
  if (uses.size() != 1 || uses[0].input != 0) return nullptr;
  return &state.graph.node(uses[0].node);
}

std::vector<std::int32_t> indices(const std::vector<ValueId>& values) {
  std::vector<std::int32_t> result;
  for (const ValueId value : values) result.push_back(value.index);
  return result;
}

/// Where a step finds the scale of its grid.
std::int32_t scale_position(Compilation& state, ScaleId scale) {
  const auto [entry, is_new] = state.program.scales.try_emplace(scale, state.values);
  if (is_new) ++state.values;
  return entry->second;
}

Forward build(const StepSource& source) {
  const BuildStep builder = find_step(source.node.op());
  source.node.check_supported(builder != nullptr,
                              "{} has no float implementation where a run decides its inputs "
                              "(supported: where constants and known extents do)",
                              source.node.op());
  return builder(source);
}

/// Appends the nodes behind `node` to a chain, as many as fit. @return the last of them, or `node`.
template <class Chain>
const Node* fill_behind(Compilation& state, const Node& node, Chain& chain) {
  const Node* last = &node;
  for (const Node* next = sole_reader(state, node);
       next != nullptr && chain.append(source_of(state, *next)); next = sole_reader(state, *last)) {
    last = next;
    state.done.insert(next->id);
  }
  return last;
}

/// Appends `first` and the nodes behind it to a chain, as many as fit. @return the last of them;
/// null where the first does not.
template <class Chain>
const Node* fill(Compilation& state, const Node& first, Chain& chain) {
  if (!chain.append(source_of(state, first))) return nullptr;
  return fill_behind(state, first, chain);
}

/// Whether a training program's Conv gives its output's moments as well, for a batch norm.
bool measures(const Compilation& state, const Node& node) {
  if (node.op != "Conv" || state.training->operators == TrainingOperators::kPlain) return false;
  const auto uses = state.graph.uses(node.outputs[0]);
  return std::ranges::any_of(uses, [&](const Graph::Use& use) {
    return use.input == 0 && state.graph.node(use.node).op == "BatchNormalization";
  });
}

/// The inputs of a chain's step, with the moments that it reads behind them.
std::vector<std::int32_t> chain_inputs(const Compilation& state, const TrainingChain& chain) {
  std::vector<std::int32_t> result = indices(chain.inputs());
  if (!chain.normalizes()) return result;
  const auto found = state.moments.find(chain.inputs()[0]);
  result.push_back(found == state.moments.end() ? -1 : found->second);
  return result;
}

/// Whether the convolution behind a chain computes it as well; then the chain waits for it.
bool waits(Compilation& state, const TrainingChain& chain, const Node& last) {
  const bool is_fused = state.training->operators == TrainingOperators::kFused;
  const Node* reader = sole_reader(state, last);
  if (!is_fused || !chain.normalizes() || reader == nullptr) return false;
  if (!reads_normalized(source_of(state, *reader))) return false;
  state.waiting.emplace(last.outputs[0], chain);
  return true;
}

/// The step of a training program that starts at `first`; none where its reader computes it.
std::optional<Step> make_training_step(Compilation& state, const Node& first) {
  TrainingChain chain(*state.training);
  Step step;
  const Node* last = fill(state, first, chain);
  if (last != nullptr) {
    if (waits(state, chain, *last)) return std::nullopt;
    step.forward = chain.build();
    step.inputs = chain_inputs(state, chain);
  } else {
    last = &first;
    const bool gives_moments = measures(state, first);
    const auto before = state.waiting.find(first.inputs[0]);
    if (before == state.waiting.end()) {
      step.forward =
          build_training_step(source_of(state, first), *state.training, gives_moments, build);
      step.inputs = indices(first.inputs);
    } else {
      step.forward = before->second.build_into(source_of(state, first), gives_moments);
      step.inputs = chain_inputs(state, before->second);
      step.inputs.push_back(first.inputs[1].index);
    }
    if (gives_moments) state.moments[first.outputs[0]] = state.values++;
  }
  step.layer = last->layer;
  step.op = last->op;
  step.outputs = indices(last->outputs);
  const auto moments = state.moments.find(last->outputs[0]);
  if (moments != state.moments.end()) step.outputs.push_back(moments->second);
  step.may_overwrite = false;
  return step;
}

/// The step that starts at `first`: as many nodes as one pass computes, or the node alone. None
/// where a later step computes it.
std::optional<Step> make_step(Compilation& state, const Node& first) {
  if (state.training != nullptr) return make_training_step(state, first);
  const StepSource source = source_of(state, first);
  PointwiseChain chain;
  Step step;
  const Node* last = nullptr;
  if (state.sums == SumMode::kExact) step.forward = build_exact_sum(source);
  if (step.forward) {
    last = &first;
    step.inputs = indices(first.inputs);
  } else if (!state.differentiable && has_conv_kernel(source)) {
    last = fill_behind(state, first, chain);
    step.forward = build_fused_conv(source, chain);
    step.inputs = indices(first.inputs);
  } else if (last = fill(state, first, chain); last != nullptr) {
    step.forward = state.differentiable ? chain.build_differentiable() : chain.build();
    step.inputs = {first.inputs[0].index};
    if (state.differentiable && chain.scale()) {
      step.inputs.push_back(scale_position(state, chain.scale()));
    }
  } else {
    if (state.differentiable && first.op == "Quant") {
      NodeView(state.graph, first)
          .fail(ErrorCode::kUnsupported,
                "a grid per channel along another axis than 1 has no "
                "gradient");
    }
    last = &first;
    step.forward = build(source);
    step.inputs = indices(first.inputs);
  }
  step.layer = last->layer;
  step.op = last->op;
  step.may_overwrite = !state.differentiable;
  step.outputs = indices(last->outputs);
  for (const ValueId value : last->outputs) {
    if (state.tapped.contains(value)) step.taps.push_back(value);
  }
  return step;
}

/// Computes a node whose inputs are all constant.
void evaluate(Compilation& state, const Node& node) {
  const StepSource source = source_of(state, node);
  PointwiseChain chain;
  Step step;
  step.layer = node.layer;
  step.forward = chain.append(source) ? chain.build() : build(source);
  auto results = run_step(step, source.constants);
  for (std::size_t i = 0; i < node.outputs.size() && i < results.size(); ++i) {
    const ValueId value = node.outputs[i];
    if (value) state.program.constants[value.index] = std::move(results[i]);
  }
}

bool all_constant(const Compilation& state, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
    return !input || state.program.constants[input.index].defined();
  });
}

/// Fills Step::last_uses.
void plan_memory(const Graph& graph, Program& program) {
  std::set<std::int32_t> needed;
  for (const ValueId output : graph.outputs()) needed.insert(output.index);
  for (auto step = program.steps.rbegin(); step != program.steps.rend(); ++step) {
    for (const std::int32_t value : step->inputs) {
      if (value < 0 || program.constants[value].defined()) continue;
      if (needed.insert(value).second) step->last_uses.push_back(value);
    }
  }
}

Program compile_all(Compilation state) {
  const Graph& graph = state.graph;
  check_sizes(graph);
  for (const ValueId value : graph.values()) {
    state.values = std::max(state.values, value.index + 1);
  }
  state.program.constants.resize(static_cast<std::size_t>(state.values));
  for (const ValueId value : graph.values()) {
    const auto& constant = graph.value(value).constant;
    if (state.training != nullptr && state.training->parameters.value(value) != nullptr) continue;
    if (constant) state.program.constants[value.index] = to_torch(*constant);
  }
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (state.done.contains(id)) continue;
    if (all_constant(state, node)) {
      evaluate(state, node);
    } else if (auto step = make_step(state, node)) {
      state.program.steps.push_back(std::move(*step));
    }
  }
  for (const ValueId value : state.tapped) {
    if (graph.producer(value) == nullptr || state.program.constants[value.index].defined()) {
      state.program.shown_before.push_back(value);
    }
  }
  state.program.constants.resize(static_cast<std::size_t>(state.values));
  plan_memory(graph, state.program);
  return std::move(state.program);
}

}  // namespace

Program compile(const Graph& graph, const PlanOptions& options) {
  return compile_all({.graph = graph,
                      .mode = options.mode,
                      .tapped = {options.taps.begin(), options.taps.end()},
                      .sums = options.sums});
}

Program compile_differentiable(const Graph& graph) {
  return compile_all({graph, QuantMode::kFakeQuant, {}, {}, {}, /*differentiable=*/true});
}

Program compile_training(const Graph& graph, const TrainingContext& training) {
  return compile_all(
      {graph, QuantMode::kFakeQuant, {}, {}, {}, /*differentiable=*/true, &training});
}

void advance(const Step& step, std::vector<at::Tensor>& values) {
  std::vector<at::Tensor> inputs(step.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (step.inputs[i] >= 0) inputs[i] = values[static_cast<std::size_t>(step.inputs[i])];
  }
  // Before the step runs, so that it sees which of its inputs are its own to overwrite.
  for (const std::int32_t value : step.last_uses) values[static_cast<std::size_t>(value)].reset();

  const std::vector<at::Tensor> results = run_step(step, std::move(inputs));
  for (std::size_t i = 0; i < results.size() && i < step.outputs.size(); ++i) {
    if (step.outputs[i] >= 0) values[static_cast<std::size_t>(step.outputs[i])] = results[i];
  }
}

std::vector<at::Tensor> run_step(const Step& step, std::vector<at::Tensor> inputs) {
  try {
    Arguments arguments(std::move(inputs), step.may_overwrite);
    auto results = step.forward(arguments);
    for (at::Tensor& result : results) result = dense(result);
    return results;
  } catch (const Error& error) {
    throw error.with_context(fmt::format("layer '{}'", step.layer));
  } catch (const c10::Error& error) {
    fail(ErrorCode::kInternal, "layer '{}': LibTorch: {}", step.layer,
         error.what_without_backtrace());
  } catch (const std::exception& error) {
    fail(ErrorCode::kInternal, "layer '{}': {}", step.layer, error.what());
  }
}

}  // namespace quern
