// Weights and biases of a TFLite network's layers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "quern/importers/tflite/values.h"

namespace quern {

/// The constant weight of `layer`, axis i of which is axis `order[i]` of the file's; behind a Quant
/// with the file's grid where it is stored as codes.
ValueId add_weight(Graph& graph, TfliteValues& values, int position,
                   const std::vector<std::size_t>& order, const std::string& layer);

/// The bias of `layer`, a vector. Whole numbers lie on the grid that the layer's input and weight
/// imply, where the file agrees or names none: behind a Quant of a derived quantizer.
///
/// @param input   Position of the layer's input.
/// @param weight  What add_weight gave for the layer.
/// @throws Error(kParse) for whole numbers to which nothing gives a scale.
ValueId add_bias(Graph& graph, TfliteValues& values, int position, int input, ValueId weight,
                 const std::string& layer);

}  // namespace quern
