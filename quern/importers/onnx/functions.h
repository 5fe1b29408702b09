// Functions that an ONNX file defines for itself.
#pragma once

#include <cstdint>
#include <vector>

namespace onnx {
class ModelProto;
}

namespace quern {

/// Replaces every call of one of the model's own functions by the function's nodes, calls in those
/// included. A node is named after the call and itself, "call/node"; so are the values between.
///
/// @param opset  The version of ONNX's operators that the model imports.
/// @return       For each node of the graph, in file order, the version that it follows: a function
///               may import another than the model.
/// @throws Error(kParse) naming the layer: a function that calls itself, an attribute that a call
///         lacks, more inputs or outputs than the function has. Error(kUnsupported) where the nodes
///         become more, or larger, than any network's, or a function follows too old a version.
std::vector<std::int64_t> inline_functions(onnx::ModelProto& model, std::int64_t opset);

}  // namespace quern
