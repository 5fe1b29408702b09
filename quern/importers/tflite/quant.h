// Grids of a TFLite file as entries of a graph's quantizer table.
#pragma once

#include <string>

#include "quern/graph/graph.h"
#include "quern/importers/tflite/model.h"

namespace quern {

/// An entry called "<stem>quant" with exactly the file's numbers; `grid.axis` is the graph's.
/// @param codes  Width, sign and range of the codes.
/// @throws Error(kParse) if a zero point is none of them.
QuantizerId add_quantizer(Graph& graph, const std::string& stem, QuantSpec codes,
                          const TfliteGrid& grid);

/// The output of a Quant of `value`, which nothing reads yet.
ValueId add_quant(Graph& graph, ValueId value, QuantizerId quantizer, const std::string& layer);

}  // namespace quern
