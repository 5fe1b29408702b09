// QONNX's Quant and BipolarQuant nodes and the quantizer table.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/importers/onnx/metadata.h"

namespace quern {

/// What the inputs and attributes of one Quant node say.
struct QuantForm {
  NodeId node;
  QuantSpec spec;  ///< Granularity and channel axis are settled with the value's rank.
  ValueId scale;   ///< Nodes that read the same scale share one Scale.
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;  ///< As many as scales; empty where all are 0.
  std::optional<std::int64_t> axis;  ///< Of the scales; from the back where < 0. None: one scale.
};

/// Strips every Quant and BipolarQuant to a Quant of one input that names no quantizer yet, so that
/// shapes can be inferred.
/// @throws Error(kParse | kUnsupported) naming the layer: a scale, zero point or width that is
///         computed, out of range or of a shape that is neither one element nor one channel axis.
std::vector<QuantForm> detach_quants(Graph& graph);

/// @throws Error(kParse) unless every scale is finite and above 0.
void check_scales(const std::vector<float>& scales);

/// Gives every form its entry in the quantizer table; the values' ranks must be known.
///
/// A Quant that `metadata` describes gets that entry back. All others, and those whose description
/// disagrees with the file (it was edited since), get an entry of their own.
/// @return One sentence for each description that was set aside.
std::vector<std::string> attach_quants(Graph& graph, const std::vector<QuantForm>& forms,
                                       const FileMetadata& metadata);

}  // namespace quern
