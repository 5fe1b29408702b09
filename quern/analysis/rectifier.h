#pragma once

#include <optional>

#include "quern/graph/graph.h"

namespace quern {

/// An op that cuts off everything below zero, and above `threshold` where there is one.
struct Rectifier {
  std::optional<double> threshold = {};  ///< The 6 of a ReLU6; > 0 and finite.
};

/// What a Relu, or a Clip with the constant bounds 0 and c > 0, does; none for any other node.
std::optional<Rectifier> rectifier(const Graph& graph, const Node& node);

}  // namespace quern
