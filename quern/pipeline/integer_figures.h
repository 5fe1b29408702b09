#pragma once

#include "quern/graph/graph.h"
#include "quern/pipeline/validation.h"
#include "quern/recipe/recipe.h"

namespace quern {

/// Finds out before the first step whether a network in training can be lowered, so that
/// `train.integers` is not refused after an epoch. Scales that are not known yet refuse nothing.
/// @throws Error(kInvalidArgument) for a float network; errors of lower and IntegerNetwork.
void check_integers(const Recipe& recipe, const Graph& start);

/// What the network answers to the validation pictures as integers, lowered with the default fold
/// and rounding: as `quern lower` and `quern evaluate` of its file.
/// @throws errors of lower, naming `train.integers`, and of Validation::measure.
ValidationFigures integer_figures(const Recipe& recipe, const Graph& network,
                                  const Validation& validation);

}  // namespace quern
