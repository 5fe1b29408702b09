#pragma once

#include <string>
#include <vector>

#include "quern/recipe/recipe.h"

namespace quern {

/// One sentence for every setting of calibration and [ptq] that differs from its default and that
/// nothing reads: its observer, its method or its algorithm is not the recipe's.
/// @param algorithms  Names of those that run.
std::vector<std::string> unread_settings(const Recipe& recipe,
                                         const std::vector<std::string>& algorithms);

/// The same of training, for [train], [ptq], which training does not read at all, and calibration.
/// @param loss  The name of the loss that is trained with.
std::vector<std::string> unread_training_settings(const Recipe& recipe, const std::string& loss);

}  // namespace quern
