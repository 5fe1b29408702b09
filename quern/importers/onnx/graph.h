// The nodes and values of an ONNX file, as they stand in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "quern/graph/graph.h"

namespace onnx {
class GraphProto;
}

namespace quern {

/// What `read_graph` has to know besides the graph itself.
struct GraphSource {
  std::filesystem::path folder;      ///< Of external data; empty: refused.
  std::vector<std::string> layers;   ///< One per node, in file order.
  std::vector<std::int64_t> opsets;  ///< Likewise: the version of ONNX's operators it follows.
};

/// A file's graph before its nodes are brought to one operator set.
struct FileGraph {
  Graph graph;
  std::vector<std::int64_t> opsets;  ///< By NodeId.
  /// Bits of the constants whose elements have fewer in the file than in the graph.
  std::unordered_map<ValueId, int> narrow_constants;
};

/// Nodes with the file's ops and attributes (of whatever opset), constants from initializers and
/// Constant nodes that something reads, graph inputs and outputs. Nodes may stand in any order.
///
/// @throws Error(kParse | kUnsupported) naming layer or value: an undefined or twice defined value,
///         an unknown operator set, control flow, an element type that quern lacks.
FileGraph read_graph(const onnx::GraphProto& proto, const GraphSource& source);

}  // namespace quern
