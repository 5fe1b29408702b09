// QuantizeLinear and DequantizeLinear: the form in which onnxruntime, NNCF and PyTorch write
// quantized networks.
#pragma once

#include <unordered_map>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/importers/onnx/quant.h"

namespace quern {

/// Turns pairs of QuantizeLinear and DequantizeLinear into Quant nodes of one input that name no
/// quantizer yet, as detach_quants does with QONNX's:
///
///   x → Q → DQ                     →  x → Quant      several DQs of one Q too, and Q → Clip → DQ
///   integer constant → DQ          →  float constant → Quant, whose codes are the stored ones
///   integer input → DQ             →  float input → Quant
///   Q → integer output             →  Quant → float output
///
/// Between Q and DQ may stand what only moves elements (MaxPool, Reshape, Transpose, …).
///
/// The grid is the type's: uint8, int8, int4, …, and what a Clip leaves of it. QuantizeLinear adds
/// the zero point after rounding, quern before it: they differ by one code where x / scale lies
/// exactly between two codes and the zero point is odd.
///
/// @param narrow_constants  As read_graph returns them.
/// @throws Error(kParse | kUnsupported) naming the layer: a scale that is computed or not above 0,
///         blocks, codes that something computes with, onnxruntime's QOperator format.
std::vector<QuantForm> detach_quantize_pairs(
    Graph& graph, const std::unordered_map<ValueId, int>& narrow_constants);

/// Makes the quantizer of every 32-bit bias derived whose scale is that of its layer's input times
/// that of its weight. `forms` are those of detach_quantize_pairs, attached.
void derive_biases(Graph& graph, const std::vector<QuantForm>& forms);

}  // namespace quern
