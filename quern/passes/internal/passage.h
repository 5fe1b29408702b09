#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"

namespace quern::internal {

/// Axis i of a Transpose's output is axis order[i] of its input.
using Order = std::vector<std::size_t>;

bool is_identity(const Order& order);

/// The positions of `order`: inverse(order)[order[i]] = i.
Order inverse(const Order& order);

/// How an op takes a Transpose from its inputs to its outputs: op(Transpose(x)) becomes
/// Transpose(op′(x)).
struct Passage {
  std::string_view op;
  bool joins = false;      ///< All inputs are transposed alike; otherwise the first alone.
  bool moves_data = true;  ///< False for a Flatten, whose readers change with it.

  /// Rewrites attributes and settings of a node, whose input is still the Transpose, for the axes
  /// in front of it. @return the order that turns the new outputs into the old ones; none, and
  /// nothing done, where the op depends on the axes as they are.
  std::optional<Order> (*rewrite)(Graph&, NodeId, const Order&) = nullptr;
};

/// Null for ops that let nothing through.
const Passage* find_passage(std::string_view op);

}  // namespace quern::internal
