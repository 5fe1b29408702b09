#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quern/calibrate/calibrate.h"
#include "quern/evaluate/accuracy.h"
#include "quern/evaluate/multi_label.h"
#include "quern/graph/graph.h"
#include "quern/recipe/recipe.h"

namespace quern {

/// Wall clock of one step of a run.
struct StageTime {
  std::string stage;
  double seconds = 0;
};

/// The network after each algorithm that changed it, and after calibration.
struct QuantizeStep {
  std::string name;                ///< "calibrate", or the algorithm's.
  Graph graph;                     ///< Float where the algorithm equalizes.
  std::vector<std::string> notes;  ///< What was left out, one sentence each.
};

/// A quantized network and how it came about.
struct QuantizeResult {
  Graph graph;
  Graph loaded;                      ///< The float network as the recipe names it.
  Graph reference;                   ///< The same after equalization: the float form of `graph`.
  std::vector<QuantizeStep> steps;   ///< In the order in which they ran.
  int quants = 0;                    ///< Quant nodes placed.
  std::size_t images = 0;            ///< Pictures calibrated on.
  std::optional<Accuracy> accuracy;  ///< On the recipe's validation pictures, against float.
  std::optional<MultiLabelMetrics> multi_label;  ///< The same of a network of several answers.
  std::vector<std::string> notes;  ///< What was refused or is unusual, one sentence each.
  std::vector<StageTime> stages;
};

/// Runs a recipe: load, equalize, place quantizers, calibrate, the other algorithms of [ptq], and
/// evaluate where validation pictures are given. Nothing is written.
/// @throws Error(kInvalidArgument) if the recipe names no model or no calibration pictures;
///         errors of the stages.
QuantizeResult quantize(const Recipe& recipe);

/// The same on these calibration pictures instead of the recipe's.
QuantizeResult quantize(const Recipe& recipe, const std::vector<Sample>& calibration);

/// Gives the first input of a network that takes pictures of any size the one that it will be fed,
/// so that what it needs is known before it runs.
void fix_picture_size(Graph& graph, int side);

/// How the recipe's pictures are read.
LoaderOptions loader_options(const Recipe& recipe, const Preprocessing& preprocessing);

/// Where a list of a recipe lies: relative paths start at `data.root`.
std::filesystem::path list_path(const DataRecipe& data, const std::string& list);

/// The pictures that read_data gives, without what else is known of them.
std::vector<Sample> samples_of(const DataRecipe& data, const std::string& name);

/// The recipe's calibration pictures. @throws Error(kInvalidArgument) if it names none.
std::vector<Sample> calibration_samples(const Recipe& recipe);

}  // namespace quern
