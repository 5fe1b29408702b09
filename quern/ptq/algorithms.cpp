#include "quern/ptq/algorithms.h"

#include <algorithm>

#include "quern/base/error.h"
#include "quern/base/nearest.h"
#include "quern/ptq/adaround.h"
#include "quern/ptq/correct_bias.h"
#include "quern/ptq/equalize_activations.h"
#include "quern/ptq/equalize_weights.h"
#include "quern/ptq/gpfq.h"
#include "quern/ptq/gptq.h"

namespace quern {
namespace {

PtqReport run_equalize_weights(Graph& graph, const Graph&, const CalibrationData& data,
                               const PtqOptions&) {
  return equalize_weights(graph, data);
}

PtqReport run_equalize_activations(Graph& graph, const Graph&, const CalibrationData& data,
                                   const PtqOptions& options) {
  return equalize_activations(
      graph, data,
      {.alpha = options.alpha, .add_mul = options.add_mul, .layerwise = options.layerwise});
}

PtqReport run_adaround(Graph& graph, const Graph& reference, const CalibrationData& data,
                       const PtqOptions& options) {
  return adaround(graph, reference, data, {.iterations = options.iterations, .seed = options.seed});
}

PtqReport run_gptq(Graph& graph, const Graph& reference, const CalibrationData& data,
                   const PtqOptions& options) {
  return gptq(graph, reference, data,
              {.damping = options.damping,
               .act_order = options.act_order,
               .asymmetric = options.asymmetric,
               .block_size = options.block_size});
}

PtqReport run_gpfq(Graph& graph, const Graph& reference, const CalibrationData& data,
                   const PtqOptions& options) {
  return gpfq(graph, reference, data, {.act_order = options.act_order});
}

PtqReport run_correct_bias(Graph& graph, const Graph& reference, const CalibrationData& data,
                           const PtqOptions&) {
  return correct_bias(graph, reference, data);
}

}  // namespace

const std::vector<PtqAlgorithm>& ptq_algorithms() {
  static const std::vector<PtqAlgorithm> algorithms = {
      {"equalize_weights", "channels with the same range of weights on both sides",
       PtqStage::kEqualize, run_equalize_weights},
      {"equalize_activations", "ranges of activations moved to the weights that read them",
       PtqStage::kEqualize, run_equalize_activations},
      {"adaround", "rounding of weights and scales of activations learned, block by block",
       PtqStage::kRound, run_adaround, /*needs_no_correction=*/true},
      {"gptq", "weights rounded column by column, errors made up for", PtqStage::kRound, run_gptq},
      {"gpfq", "weights rounded column by column, greedily", PtqStage::kRound, run_gpfq},
      {"correct_bias", "biases that make up for the mean error", PtqStage::kCorrect,
       run_correct_bias, /*needs_no_correction=*/false, /*reads_float_means=*/true},
  };
  return algorithms;
}

const std::vector<PtqPreset>& ptq_presets() {
  static const std::vector<PtqPreset> presets = {
      // What the FINN flow advises.
      {"recommended", {"equalize_activations", "gpfq", "correct_bias"}},
  };
  return presets;
}

std::vector<std::string> algorithm_names(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const PtqAlgorithm& algorithm : ptq_algorithms()) known.emplace_back(algorithm.name);
  for (const PtqPreset& preset : ptq_presets()) known.emplace_back(preset.name);
  std::vector<std::string> result;
  for (const std::string& name : names) {
    require(std::ranges::find(known, name) != known.end(),
            "'{}' is not an algorithm of post-training quantization{}", name,
            nearest_hint(name, nearest(name, known)));
    const auto preset = std::ranges::find(ptq_presets(), name, &PtqPreset::name);
    if (preset == ptq_presets().end()) {
      result.push_back(name);
    } else {
      result.insert(result.end(), preset->algorithms.begin(), preset->algorithms.end());
    }
  }
  return result;
}

namespace {

void check_rounding(const std::vector<PtqAlgorithm>& chosen) {
  const auto rounds = [](const PtqAlgorithm& algorithm) {
    return algorithm.stage == PtqStage::kRound;
  };
  const auto first = std::ranges::find_if(chosen, rounds);
  if (first == chosen.end()) return;
  const auto second = std::ranges::find_if(first + 1, chosen.end(), rounds);
  if (second == chosen.end()) return;
  fail(ErrorCode::kInvalidArgument,
       "'{}' and '{}' both round the weights, and the second would undo the first: leave one out",
       first->name, second->name);
}

}  // namespace

std::vector<PtqAlgorithm> ptq_algorithms(const std::vector<std::string>& names) {
  const std::vector<std::string> wanted = algorithm_names(names);
  std::vector<PtqAlgorithm> chosen;
  std::ranges::copy_if(ptq_algorithms(), std::back_inserter(chosen),
                       [&](const PtqAlgorithm& algorithm) {
                         return std::ranges::find(wanted, algorithm.name) != wanted.end();
                       });
  check_rounding(chosen);
  if (std::ranges::any_of(chosen, &PtqAlgorithm::needs_no_correction)) {
    std::erase_if(chosen, [](const PtqAlgorithm& algorithm) {
      return algorithm.stage == PtqStage::kCorrect;
    });
  }
  return chosen;
}

}  // namespace quern
