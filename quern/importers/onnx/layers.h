// Names that rules, reports and errors use for the nodes of an ONNX file.
#pragma once

#include <string>
#include <vector>

namespace onnx {
class GraphProto;
}

namespace quern {

/// The layer of every node, in file order; not yet unique.
///
/// * A node with weights is called after them where its own name is empty, says no more than op and
///   number (`Conv_12`, `node_conv2d_3`), or is a scope path that ends in the same module:
///   `/features/features.0/features.0.0/Conv` reading `features.0.0.weight` is `features.0.0`.
///   So it is where its weights have no such name: exporters that fold batch norms number them.
/// * Any other name is kept; an empty one becomes `Op_index`.
/// * A Quant without a name is called after what it quantizes: `fc.weight_quant`, `fc.bias_quant`,
///   `relu1.output_quant`, `image.quant`.
std::vector<std::string> layer_names(const onnx::GraphProto& graph);

}  // namespace quern
