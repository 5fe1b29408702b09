#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "quern/recipe/recipe.h"

namespace quern {

struct TrainRunOptions {
  std::filesystem::path run;  ///< The run folder.
  bool resume = false;        ///< Go on from the folder's checkpoint; without one, start.
};

/// Trains a recipe's network and leaves everything in the run folder:
///
/// * models/best.onnx: the network of the best epoch, by macro F1 or top-1; models/last.onnx: that
///   of the last; models/best_bipolar.onnx: the best with its answers behind the logits, where
///   `export.bipolar_head` asks for it
/// * metrics.jsonl, tensorboard/: what every epoch came to; report/: the same as a page
/// * checkpoints/last.npz: what a killed run goes on from
/// * recipe.resolved.toml, manifest.json, log.txt: as of every run
///
/// Every epoch is evaluated on the test split as the exported file computes it, and as integers
/// where `train.integers` asks for that. A killed run that is resumed with the same number of
/// threads ends with the same bytes of models.
/// @return what `quern train --json` prints.
/// @throws Error(kInvalidArgument) where the recipe or a checkpoint of another recipe is wrong, or
///         numbers leave the finite, naming the layer; Error(kParse) for data or a checkpoint that
///         is damaged; Interrupted when the user stops it, with a checkpoint written.
nlohmann::json train(const Recipe& recipe, const TrainRunOptions& options);

}  // namespace quern
