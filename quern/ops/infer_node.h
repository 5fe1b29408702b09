#pragma once

#include "quern/graph/graph.h"

namespace quern {

/// What infer_shapes does for one node, whose inputs have their types: for importers that have to
/// know a shape before the network is complete. @throws Error as infer_shapes does.
void infer_node(Graph& graph, NodeId id);

/// @throws Error(kParse) naming a value of more than kMaxElements elements.
void check_size(const Value& value);

}  // namespace quern
