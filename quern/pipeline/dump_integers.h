#pragma once

#include "quern/evaluate/integer_network.h"
#include "quern/pipeline/dump.h"

namespace quern {

/// What `dump` of a graph keeps, of an integer network: the real values of its outputs by the names
/// that the graph gave them, and, unless only logits are asked for, the grid's own codes of every
/// tensor, [samples, channels, height, width] in int8, uint8 or, of accumulators, int32.
/// @throws Error as for_each_batch does.
Dump dump_integers(const IntegerNetwork& network, const std::vector<Sample>& samples,
                   const LoaderOptions& options, DumpKind kind);

}  // namespace quern
