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

}  // namespace quern
