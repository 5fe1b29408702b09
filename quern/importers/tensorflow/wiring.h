// Who reads whom in a TensorFlow file.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "quern/importers/import_report.h"
#include "quern/importers/tensorflow.pb.h"

namespace quern::tensorflow {

/// Output `port` of the node at position `node` of the file.
struct Edge {
  int node = 0;
  int port = 0;
};

/// The nodes of a GraphDef and the edges between them. Control inputs ("^name") say in which order
/// nodes run, not what they compute, and are left out. Refers to the GraphDef.
class Wiring {
 public:
  /// @throws Error(kParse) naming a node without name or op, twice defined, or reading a node that
  ///         does not exist.
  explicit Wiring(const GraphDef& graph);

  int size() const { return graph_.node_size(); }
  const NodeDef& node(int index) const { return graph_.node(index); }
  const std::vector<Edge>& inputs(int index) const { return inputs_[to_size(index)]; }
  /// Nodes that read an output of this one, once for each input that does.
  const std::vector<int>& readers(int index) const { return readers_[to_size(index)]; }

  /// `roots` and all they depend on, each after those it reads.
  /// @throws Error(kParse) naming a node on a cycle.
  std::vector<int> in_order(const std::vector<int>& roots) const;

 private:
  static std::size_t to_size(int index) { return static_cast<std::size_t>(index); }
  Edge find(const NodeDef& reader, const std::string& input) const;

  const GraphDef& graph_;
  std::unordered_map<std::string, int> positions_;
  std::vector<std::vector<Edge>> inputs_;
  std::vector<std::vector<int>> readers_;
};

/// The nodes whose results the network is for: they depend on a Placeholder of numbers and nobody
/// reads them. What training and evaluation leave in a file (losses, labels, summaries, saving) is
/// ignored, with a warning where it reads the network.
/// @throws Error(kParse) where there is none.
std::vector<int> find_outputs(const Wiring& wiring, ImportReport& report);

}  // namespace quern::tensorflow
