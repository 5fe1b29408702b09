#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quern/data/labelled_set.h"
#include "quern/graph/graph.h"
#include "quern/recipe/recipe.h"

namespace quern {

/// A network before its first step of training.
struct StartNetwork {
  Graph graph;                        ///< Float, or with quantizers whose scales training changes.
  std::int64_t statistics_steps = 0;  ///< In which batches tell the scales that are not known.
  std::vector<std::string> notes;     ///< One sentence each.
};

/// What `model.source` names, with the grids of [quantize].
///
/// * A network of the zoo starts from scratch: scales of weights come from the random weights,
/// those
///   of activations from the first `quantize.statistics_steps` batches, and that of the input from
///   what pixels can become.
/// * A float file has learned already: its scales are calibrated as [calibrate] says, on training
///   pictures.
/// * A file with quantizers goes on with them, whatever [quantize] says of bits.
///
/// With the scheme "none" a float network stays float.
/// @param train  Calibrated on; a zoo network gets the outputs that it needs where `model.classes`
///               is absent.
/// @throws Error(kInvalidArgument) if the recipe names no model, or one with quantizers under the
///         scheme "none"; Error(kUnsupported) for outputs that are too few; errors of the
///         importers, of place_quantizers and of calibrate.
StartNetwork start_network(const Recipe& recipe, const LabelledSet& train);

/// The loss that the recipe asks for, else the one that fits the labels: a name from losses().
std::string loss_of(const Recipe& recipe, const LabelledSet& train);

/// The largest magnitude that a pixel can have in the network's input.
float input_threshold(const Preprocessing& how);

}  // namespace quern
