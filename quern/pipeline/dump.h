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

struct Dump {
  std::map<std::string, Tensor> arrays;  ///< By name; the first axis is the sample.
  std::vector<std::size_t> samples;      ///< Whose numbers they are: positions in the list.
  std::vector<std::string> skipped;      ///< One sentence per picture left out, in list order.
};

/// Runs `samples` through `graph` and keeps the numbers of all of them, for anyone who wants to
/// compare. @throws Error(kUnsupported) naming an output that has not one row per sample, or a
/// layer that is named like an input or output, or that mixes samples; errors of Plan and
/// for_each_batch.
Dump dump(const Graph& graph, const std::vector<Sample>& samples, const LoaderOptions& options,
          DumpKind kind);

/// The same for inputs that are ready for the network, one per graph input, run `batch_size`
/// samples at a time, or fewer where memory asks for it.
/// @throws Error(kInvalidArgument) naming the input whose shape or dtype differs from the graph's,
///         or where inputs differ in their number of samples.
std::map<std::string, Tensor> dump(const Graph& graph, const std::vector<Tensor>& inputs,
                                   int batch_size, DumpKind kind);

}  // namespace quern
