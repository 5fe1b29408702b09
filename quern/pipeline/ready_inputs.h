#pragma once

#include <filesystem>
#include <vector>

#include "quern/graph/graph.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// The inputs of `graph` from an .npz file, one array each, in the order of the graph's inputs. An
/// array has the name of its input; that of a network with one input may also be called 'x'. The
/// first axis is the sample.
/// @throws Error(kIo | kParse) naming the file: as read_npz does, where an array is missing, or
///         where arrays differ in their number of samples.
std::vector<Tensor> read_inputs(const std::filesystem::path& npz, const Graph& graph);

}  // namespace quern
