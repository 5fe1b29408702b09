#pragma once

#include <cstdint>
#include <vector>

#include "quern/ops/op_def.h"

namespace quern {

/// OpDef::infer of an op whose output has the type of its first input.
std::vector<ValueType> infer_same(const Graph& graph, const Node& node);

/// OpDef::infer of an op all of whose inputs broadcast to each other; its output has the type of
/// the first. @throws Error(kParse) naming layer and shapes that do not go together.
std::vector<ValueType> infer_broadcast(const Graph& graph, const Node& node);

/// Checks that two inputs have the same element type; an omitted one agrees with everything.
/// @throws Error(kParse) naming layer and inputs.
void check_same_type(const Graph& graph, const Node& node, std::size_t first, std::size_t second);

/// Checks that input `index`, where present, is a vector of `channels` elements.
/// @throws Error(kParse) naming layer and input.
void check_per_channel(const Graph& graph, const Node& node, std::size_t index,
                       const Dim& channels);

}  // namespace quern
