#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "quern/graph/graph.h"

namespace quern {

/// What a pass did. Running a pass twice gives rewrites = 0 the second time.
struct PassReport {
  int rewrites = 0;
  std::vector<std::string> notes;  ///< One sentence each; every refusal with its reason.

  PassReport& operator+=(const PassReport& other);
};

/// Replaces nodes whose result needs no run by constants. Needs inferred shapes.
PassReport fold_constants(Graph& graph);

/// Removes what changes nothing in inference: Identity, Dropout, a Cast to the same type, a Concat
/// of one input, a Pad by zero.
PassReport remove_identities(Graph& graph);

/// Writes rows or columns that a Tile repeats one by one as a Resize to the nearest. Needs inferred
/// shapes.
PassReport recognize_upsampling(Graph& graph);

/// Moves every Transpose towards the outputs until it meets its inverse, and makes an input
/// [N, H, W, C] that only channels-first ops read [N, C, H, W]. Needs inferred shapes.
PassReport move_transposes(Graph& graph);

/// Writes the window of every Conv, ConvTranspose, MaxPool and AveragePool out: kernel, strides,
/// dilations and pads as numbers, no auto_pad. Needs inferred shapes.
/// @throws Error(kUnsupported) naming the layer where auto_pad depends on a free extent.
PassReport resolve_padding(Graph& graph);

/// Writes "everything but the batch in one row" as Flatten and the mean over height and width as
/// GlobalAveragePool, whatever chain of Transpose, Reshape, Squeeze or ReduceMean says it. Needs
/// inferred shapes.
PassReport simplify_flatten(Graph& graph);

/// Writes the target of every Reshape as a constant that serves any batch: a chain of nodes that
/// computes it goes, and a batch that the target repeats becomes "as in the input". Needs inferred
/// shapes.
PassReport resolve_reshapes(Graph& graph);

/// Writes the sizes of every Resize as constant factors. Needs inferred shapes.
PassReport resolve_resizes(Graph& graph);

/// Merges a Concat that only another Concat of the same axis reads into that one.
PassReport collapse_concats(Graph& graph);

/// The form every other folder reads: all of the above, until nothing changes. Infers shapes.
PassReport canonicalize(Graph& graph);

/// Gives every layer its own Quant on a weight that several layers share; FINN forbids the fork.
PassReport split_shared_weights(Graph& graph);

/// One pass that needs no settings.
struct PassInfo {
  std::string_view name;
  std::string_view summary;
  PassReport (*run)(Graph&) = nullptr;
};

/// All of them, in the order in which `canonicalize` runs its own.
const std::vector<PassInfo>& passes();

}  // namespace quern
