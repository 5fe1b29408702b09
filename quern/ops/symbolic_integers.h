#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// One number of a shape computation, or what stands for it until a run.
struct SymbolicInteger {
  std::optional<std::int64_t> number;
  std::string symbol;  ///< Where there is no number: the free extent's name; empty if unknown.

  bool is(std::int64_t value) const { return number == value; }
  bool operator==(const SymbolicInteger&) const = default;
};

/// A small integer tensor, row-major, of which some elements may be free extents.
struct SymbolicIntegers {
  Shape shape;
  std::vector<SymbolicInteger> elements;

  /// The elements where all of them are numbers.
  std::optional<std::vector<std::int64_t>> numbers() const;
};

/// What is known of an integer value before a run: a constant, or a chain of nodes as exporters
/// write it to compute a shape, also by way of floats (what evaluate_node takes, and Shape, Size,
/// Concat, Gather, Slice, Transpose, Reshape, Squeeze, Unsqueeze, Identity). None for any other
/// value, for more than 256 elements, for a chain of more than 1000 nodes, and where the arithmetic
/// would overflow or divide by zero. Needs the types that infer_shapes gives `value` and those in
/// front of it.
std::optional<SymbolicIntegers> symbolic_integers(const Graph& graph, ValueId value);

/// The numbers of `symbolic_integers`; none unless all are known.
std::optional<std::vector<std::int64_t>> known_integers(const Graph& graph, ValueId value);

/// The tensor, of any type, that such a chain ends in; none unless all its elements are known.
std::optional<Tensor> known_chain(const Graph& graph, ValueId value);

}  // namespace quern
