#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/ptq/activation_walk.h"
#include "quern/ptq/ptq_report.h"

namespace quern {

/// The settings of all algorithms; a recipe's [ptq] has the same names.
struct PtqOptions {
  std::optional<double> alpha;  ///< equalize_activations: range moved to the weights; see there.
  bool add_mul = false;         ///< equalize_activations: a Mul behind what does not scale.
  bool layerwise = false;       ///< equalize_activations: a Mul in front of every layer.
  double damping = 0.01;        ///< gptq: on the Hessian's diagonal, relative to its mean.
  bool act_order = true;        ///< gptq, gpfq: columns of the largest input first.
  bool asymmetric = true;       ///< gptq: aim at the float network's outputs.
  int block_size = 128;         ///< gptq: columns between updates of all later ones.
  int iterations = 250;         ///< adaround: steps of learning per block.
  std::uint64_t seed = 0;       ///< adaround: of what is drawn.
};

/// Where in post-training quantization an algorithm has its place. Those of one stage run in the
/// order of the catalog.
enum class PtqStage : std::uint8_t {
  kEqualize,  ///< Changes the float network before it gets quantizers, not what it computes.
  kRound,     ///< Rounds weights; one at most.
  kCorrect,   ///< Makes up for what rounding did.
};

struct PtqAlgorithm {
  std::string_view name;
  std::string_view summary;  ///< One phrase.
  PtqStage stage;
  /// Changes a calibrated network, whose float form is `reference`; one that equalizes changes a
  /// float network, and `reference` is that network as it was.
  PtqReport (*run)(Graph& graph, const Graph& reference, const CalibrationData& data,
                   const PtqOptions& options);
  /// Brings outputs nearest behind several layers together: correcting the means of single ones
  /// afterwards would undo that.
  bool needs_no_correction = false;
  /// Reads CalibrationData::float_means, and finds them by a sweep of its own where there are none.
  bool reads_float_means = false;
};

/// All of them, in the order in which they run.
const std::vector<PtqAlgorithm>& ptq_algorithms();

/// A name for several algorithms.
struct PtqPreset {
  std::string_view name;
  std::vector<std::string> algorithms;
};

const std::vector<PtqPreset>& ptq_presets();

/// The names with presets replaced by what they stand for.
/// @throws Error(kInvalidArgument) for an unknown name, naming the nearest.
std::vector<std::string> algorithm_names(const std::vector<std::string>& names);

/// Those of these names, of algorithms or presets, each once, in the order in which they run;
/// without those that correct where one that rounds needs none.
/// @throws Error(kInvalidArgument) for an unknown name, naming the nearest, or two that round.
std::vector<PtqAlgorithm> ptq_algorithms(const std::vector<std::string>& names);

}  // namespace quern
