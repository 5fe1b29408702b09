#pragma once

#include <string>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/recipe/recipe.h"

namespace quern::cli {

/// Reads the model `source`, with the recipe's options where it is a network of the zoo, and prints
/// what the reader warns of.
Graph load(const Recipe& recipe, const std::string& source);

/// @throws Error(kInvalidArgument) if --width, --input or --classes is given, but none of `sources`
/// is
///         a network of the zoo, which alone they change.
void check_zoo_options(const Recipe& recipe, const std::vector<std::string>& sources);

}  // namespace quern::cli
