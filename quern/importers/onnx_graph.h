// The nodes and values of an ONNX file, as they stand in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "quern/graph/graph.h"

namespace onnx {
class GraphProto;
}

namespace quern {

/// What `read_graph` has to know besides the graph itself.
struct GraphSource {
  std::filesystem::path folder;     ///< Of external data; empty: refused.
  std::vector<std::string> layers;  ///< One per node, in file order.
};

/// Nodes with the file's ops and attributes (of whatever opset), constants from initializers and
/// Constant nodes that something reads, graph inputs and outputs. Nodes may stand in any order.
///
/// @throws Error(kParse | kUnsupported) naming layer or value: an undefined or twice defined value,
///         an unknown operator set, control flow, an element type that quern lacks.
Graph read_graph(const onnx::GraphProto& proto, const GraphSource& source);

}  // namespace quern
