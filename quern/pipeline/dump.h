#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "quern/data/loader.h"
#include "quern/graph/graph.h"
#include "quern/tensor/tensor.h"

namespace quern {

/// Which numbers of a run are kept.
enum class DumpKind : std::uint8_t {
  kLogits,  ///< The network's outputs, by name.
  kCodes,   ///< Also its inputs, and the codes of every activation Quant by layer, in the smallest
            ///< integer type that holds them.
  kAll,     ///< Also what every other layer computes, float32 by layer.
};

/// "logits", "codes", "all". @throws Error(kInvalidArgument) for another word.
DumpKind dump_kind_from(std::string_view name);

/// Runs `samples` through `graph` and returns the numbers of all of them, the first axis being the
/// sample; for anyone who wants to compare.
std::map<std::string, Tensor> dump(const Graph& graph, const std::vector<Sample>& samples,
                                   const LoaderOptions& options, DumpKind kind);

/// The same for inputs that are ready for the network, one per graph input, run `batch_size`
/// samples at a time.
/// @throws Error(kInvalidArgument) naming the input whose shape or dtype differs from the graph's,
///         or where inputs differ in their number of samples.
std::map<std::string, Tensor> dump(const Graph& graph, const std::vector<Tensor>& inputs,
                                   int batch_size, DumpKind kind);

}  // namespace quern
