#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "quern/recipe/recipe.h"

namespace quern {

class Loss;

/// What training makes small.
struct LossDef {
  std::string_view name;
  std::string_view summary;  ///< One phrase.
  /// @param outputs  Of the network.
  std::unique_ptr<Loss> (*make)(const TrainRecipe& recipe, std::int64_t outputs);
};

/// All losses, by name.
const std::vector<LossDef>& losses();

}  // namespace quern
