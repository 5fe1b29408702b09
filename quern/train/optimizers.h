#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "quern/recipe/recipe.h"

namespace quern {

class Optimizer;
struct Learned;

/// A rule by which parameters follow their gradients.
struct OptimizerDef {
  std::string_view name;
  std::string_view summary;  ///< One phrase.
  std::unique_ptr<Optimizer> (*make)(std::vector<Learned> parameters, const TrainRecipe& recipe);
};

/// All optimizers, by name.
const std::vector<OptimizerDef>& optimizers();

}  // namespace quern
