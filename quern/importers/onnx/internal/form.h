// Inside the importers only: forms that an ONNX operator has in some operator sets but not in
// kOpset, and the edits that bring a node to the latter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

struct OnnxForm {
  std::string_view op;
  std::int64_t from;    ///< First opset that has the form …
  std::int64_t before;  ///< … and first that has it no longer.
  void (*rewrite)(Graph&, NodeId);
};

/// For `before`: the form is still current.
inline constexpr std::int64_t kEver = 1 << 20;

/// Forms that kOpset has no longer, and those that it does not have yet.
std::span<const OnnxForm> older_forms();
std::span<const OnnxForm> newer_forms();

/// SplitToSequence and the SequenceAt that read it → Split.
void split_from_sequence(Graph& graph, NodeId id);

using Integers = std::vector<std::int64_t>;

/// @throws Error(kUnsupported) "layer 'x': Op reason"
[[noreturn]] void refuse(const Graph& graph, NodeId id, std::string_view reason);
/// Refuses an integer attribute of another value; takes it away otherwise.
void refuse_unless(Graph& graph, NodeId id, std::string_view key, std::int64_t expected,
                   std::int64_t fallback);

/// Puts a constant at input `index`; inputs left out before it stay "none".
void set_constant_input(Graph& graph, NodeId id, std::size_t index, std::string_view what,
                        Tensor constant);
void set_constant_input(Graph& graph, NodeId id, std::size_t index, std::string_view what,
                        const Integers& values);

/// The integers behind input `index`; none if it is left out. Refuses those that depend on data.
std::optional<Integers> constant_input(const Graph& graph, NodeId id, std::size_t index,
                                       std::string_view what);

/// The extents of input 0. Refuses an unknown rank.
const Dims& known_dims(const Graph& graph, NodeId id);
/// The axis of input 0 that a position from either end means.
std::size_t axis_index(const Graph& graph, NodeId id, std::int64_t position);

}  // namespace quern
